"""Command-line arguments as typed records: the commands' own, and every setting of the configuration.

Settings are options by their names in the configuration's file: `lambda` of section [smooth] is `--smooth.lambda`.
"""

import ast
import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
import tyro
from msgspec import structs
from tyro.conf import Positional, arg, subcommand
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

from pipeline.dataset.config import Config, ConfigError, checked, has_own, load_config
from pipeline.dataset.layouts import Pair
from stages.settings import Positive

LAMBDA = "--smooth.lambda"


@dataclass(frozen=True, kw_only=True)
class OnDataset:
    """What every command on a dataset takes."""

    dataset: Positional[Path]
    """Folder of pairs."""
    results: Path = Path("results")
    """Folder that the results go to, in a folder of the dataset's name."""
    pairs: Annotated[tuple[str, ...], arg(metavar="NAME...", help_behavior_hint="(default: all)")] = ()
    """Only these pairs."""
    config: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """TOML file of settings; it overrides the dataset's own photostyle.toml, and the options here override both."""
    settings: Annotated[Config, arg(name="")] = field(default_factory=Config)
    argv: tyro.conf.Suppress[tuple[str, ...]] = ()
    """As it was typed, for the settings of single pairs."""

    def settings_of(self, pair: Pair) -> Config:
        """The settings of one pair: its own lie over the dataset's, the options over both.

        Raises:
            ConfigError: its file can't be used.
        """
        if not has_own(pair):
            return self.settings
        own = load_config(self.dataset, self.config, pair).smooth.lam  # all that a pair can have of its own
        if any(option.partition("=")[0] == LAMBDA for option in self.argv):
            return self.settings
        return structs.replace(self.settings, smooth=structs.replace(self.settings.smooth, lam=own))


@dataclass(frozen=True, kw_only=True)
class _Work(OnDataset):
    force: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Do again what is current."""
    retry_failed: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Try again what failed before. Without it, that is only told again, until its files or settings change."""
    cluster: Annotated[str | None, arg(metavar="ADDRESS", help_behavior_hint="")] = None
    """Work on this Ray cluster: auto, or ray://HOST:PORT. All its nodes need the folders of dataset and results."""
    gpu_share: float = 1.0
    """Of a GPU, for each task of stage one on the cluster: 0.5 for two at once on each GPU."""


class Run(_Work):
    """All stages on every pair, then the comparison; what is current is not done again."""


@dataclass(frozen=True, kw_only=True)
class Segment(OnDataset):
    """Finds masks for the pairs without, in the photos, to look at and edit; `run` and `stylize` do it too."""

    force: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Find them again, also where they were edited."""


class Stylize(_Work):
    """Stage one: the style, by optimisation over a network's features."""


@dataclass(frozen=True, kw_only=True)
class Smooth(_Work):
    """Stage two: the photorealism, in closed form, from the stage-one image as it is."""

    lambdas: tyro.conf.Suppress[tuple[float, ...]] = ()
    """Several, where --smooth.lambda is a list; then the settings' one is not used."""


class Onestage(_Work):
    """The paper's one-stage method, to compare with: both terms in one optimisation."""


@dataclass(frozen=True, kw_only=True)
class Compare(OnDataset):
    """Scores what there is of all methods, and makes a contact sheet for each pair."""

    sweep: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also draws edges against style, over lambda for two-stage and over the photorealism weight for one-stage; each
    weight is an optimisation, kept for the next time."""


@dataclass(frozen=True, kw_only=True)
class Ui(OnDataset):
    """A page on this machine: drag lambda and see stage two solved anew; two photos of your own through both stages."""

    port: int = 0
    """Of 127.0.0.1; 0 is any free one."""


class Explain(OnDataset):
    """A page that explains the method, with live figures on the first pair's photos; no results are needed."""


class Status(OnDataset):
    """Which results are current, stale (and why), failed or missing."""


@dataclass(frozen=True)
class Doctor:
    """What this machine has: device, BLAS and SuiteSparse, threads, memory, weights."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The encoders' weights: where they are, or where they would come from."""

    fetch: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Fetch and check what is not there."""
    encoder: Literal["auto", "vgg19", "vgg16"] = "auto"
    """Which one to fetch."""


AnyCommand = Run | Segment | Stylize | Smooth | Onestage | Compare | Ui | Explain | Status | Doctor | Weights
Command = (
    Annotated[Run, subcommand("run")]
    | Annotated[Segment, subcommand("segment")]
    | Annotated[Stylize, subcommand("stylize")]
    | Annotated[Smooth, subcommand("smooth")]
    | Annotated[Onestage, subcommand("onestage")]
    | Annotated[Compare, subcommand("compare")]
    | Annotated[Ui, subcommand("ui")]
    | Annotated[Explain, subcommand("explain")]
    | Annotated[Status, subcommand("status")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Weights, subcommand("weights")]
)

DESCRIPTION = "Photorealistic style transfer in two stages: a photo in the look of another, and still a photo."


def parse(argv: Sequence[str]) -> AnyCommand:
    """Reads the command line. Defaults of the settings are those of the dataset's and the given file.

    Raises:
        ConfigError: a file of settings, or a setting, that can't be used.
        SystemExit: help was asked for, or an argument is wrong; tyro has said which.
    """
    argv, lambdas = _lambdas_apart(argv)
    command: Any = tyro.cli(Command, prog="photostyle", description=DESCRIPTION, args=argv, registry=_registry)
    if not isinstance(command, OnDataset):
        return command  # type: ignore[no-any-return]
    # Once more, now that it is known which files the defaults of the settings come from.
    command = _read(replace(command, argv=tuple(argv)), load_config(command.dataset, command.config))
    return replace(command, lambdas=lambdas) if lambdas else command  # type: ignore[no-any-return]


def _read(command: "OnDataset", defaults: Config) -> Any:
    """The same command line, with these defaults of its settings."""
    name, *arguments = command.argv
    default = type(command)(dataset=command.dataset, settings=defaults, argv=command.argv)
    read = tyro.cli(type(command), prog=f"photostyle {name}", args=arguments, default=default, registry=_registry)
    return replace(read, settings=checked(read.settings))


def _lambdas_apart(argv: Sequence[str]) -> tuple[Sequence[str], tuple[float, ...]]:
    """A list of lambdas, `--smooth.lambda A,B,C`, taken out of the arguments: a configuration has only one.

    Raises:
        ConfigError: another command than smooth, or something in the list that is no lambda.
    """
    for at, (option, value) in enumerate(zip(argv, [*argv[1:], ""], strict=True)):
        spaced = option == LAMBDA
        listed = value if spaced else option.removeprefix(f"{LAMBDA}=") if option.startswith(LAMBDA) else ""
        if "," not in listed:
            continue
        if argv[0] != "smooth":
            raise ConfigError(
                f"{LAMBDA} {listed}: {argv[0]} takes one lambda; "
                "`photostyle smooth` takes a list and lays the results side by side"
            )
        try:
            lambdas = msgspec.convert(listed.split(","), tuple[Positive, ...], strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{LAMBDA} {listed}: wants numbers above 0 with commas between them") from error
        return [*argv[:at], *argv[at + (2 if spaced else 1) :]], tuple(dict.fromkeys(lambdas))
    return argv, ()


_registry = ConstructorRegistry()
_suppressed: Any = tyro.conf.Suppress
"""A table of names and colours is for files."""


@_registry.struct_rule
def _settings_by_their_names_in_files(info: StructTypeInfo) -> StructConstructorSpec | None:
    """tyro's own rule for msgspec structs, but with the fields' encoded names: `lambda`, not `lam`."""
    if not (isinstance(info.type, type) and issubclass(info.type, msgspec.Struct)):
        return None
    struct = info.type
    fields = msgspec.structs.fields(struct)
    hints, docs = get_type_hints(struct, include_extras=True), _field_docs(struct)
    attributes = {each.encode_name: each.name for each in fields}
    return StructConstructorSpec(
        instantiate=lambda **values: struct(**{attributes[name]: value for name, value in values.items()}),
        fields=tuple(
            StructFieldSpec(
                name=each.encode_name,
                type=_suppressed[hints[each.name]] if each.name == "palette" else hints[each.name],
                default=getattr(info.default, each.name),
                helptext=docs.get(each.name),
            )
            for each in fields
        ),
    )


def _field_docs(struct: type) -> dict[str, str]:
    """The string below each field of a class or of those it is made from, as its help."""
    docs: dict[str, str] = {}
    for each in struct.__mro__[: struct.__mro__.index(msgspec.Struct)]:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for above, below in pairwise(body):
            match above, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    docs.setdefault(name, inspect.cleandoc(text))
    return docs
