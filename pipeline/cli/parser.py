"""The command line taken apart: the options of a command, and every setting by its name in files.

`lambda` of section [smooth] is `--smooth.lambda`; of [protect], which is words behind one option, `skin` is
`--protect skin=0.7`. argparse takes the words apart; what they may be is checked where the
settings in files are, and told in the same words.
"""

import ast
import inspect
import textwrap
from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, structs
from msgspec.inspect import VarTupleType, type_info

from pipeline.cli.commands import COMMANDS, AnyCommand
from pipeline.cli.options.common import FILLED_IN, Command, WithSettings
from pipeline.cli.screen import say
from pipeline.settings.config import Config, ConfigError, Protect
from pipeline.settings.layers import Layer, as_option, convert, find_faults
from pipeline.settings.wording import placeholder

DESCRIPTION = "Photorealistic style transfer in two stages: a photo in the look of another, and still a photo."
FAMILIES = {"look": "Looks: learnt from photos, applied to others, handed to other programs."}
"""Commands of two words, by their first."""
LETTERS = {"output": ("-o",)}
"""Options that have a letter too."""
LAMBDA = "smooth.lambda"
PROTECT = "protect"


class Once(Action):
    """Takes a value that is given once: of two, one would be left out without a word."""

    def __call__(self, parser: ArgumentParser, words: Namespace, value: Any, option: str | None = None) -> None:
        """Keeps the value.

        Raises:
            ConfigError: it was given before.
        """
        if hasattr(words, self.dest):
            before = getattr(words, self.dest)
            raise ConfigError(f"{option} is given twice, with {before} and {value}: give one of them")
        setattr(words, self.dest, value)


class Option(NamedTuple):
    """One option of a command."""

    name: str
    """As in files: smooth.lambda."""
    kind: Any
    default: Any
    help: str
    listed: bool = True
    """In the command's help."""
    setting: bool = False
    """Not the command's own, so that files may have it too."""


def options_of(command: type[Command]) -> Iterator[Option]:
    """The options of a command: its own, and the settings."""
    for own in _fields(command):
        yield own._replace(listed=own.name not in command.leaves_out)
    if not issubclass(command, WithSettings):
        return
    for setting in _fields(Config):
        listed = setting.name not in command.leaves_out
        is_section = isinstance(setting.default, Struct) and setting.name != PROTECT
        inner = _fields(setting.kind, f"{setting.name}.") if is_section else [setting]
        for each in inner:
            default = command.defaults.get(each.name, each.default)
            yield each._replace(listed=listed, setting=True, default=default)


def parse(argv: Sequence[str]) -> AnyCommand:
    """Reads the command line, and the dataset's settings.

    Raises:
        ConfigError: an option or a setting, here or in a file, that can't be used.
        SystemExit: help was asked for, or something is missing; it has been told.
    """
    words, unknown = _parser(argv).parse_known_args(argv)
    values = vars(words)
    name = values.pop("command")
    kind = COMMANDS[name]
    options = {option.name: option for option in options_of(kind)}
    if unknown:
        raise ConfigError(_unknown(unknown, name, [as_option(each) for each in options]))
    own = {key: values.pop(key) for key in kind.__struct_fields__ if key in values}
    if "," in values.get(LAMBDA, ""):
        own["lambdas"] = _several_lambdas(values.pop(LAMBDA), name)
    if PROTECT in values:
        values[PROTECT] = dict(map(_named_value, values[PROTECT]))
    typed = _nested(values)
    if faults := [*find_faults(Layer(own, known=kind)), *find_faults(Layer(typed))]:
        raise ConfigError("\n".join(faults))
    command: AnyCommand = convert(own, kind)
    if not isinstance(command, WithSettings):
        return command
    if idle := [as_option(key) for key in values if not options[key].listed]:
        say(f"{name} makes no use of {', '.join(idle)}")
    command = structs.replace(command, typed=typed)
    return structs.replace(command, settings=command.settings_of())


def _parser(argv: Sequence[str]) -> ArgumentParser:
    """That of all commands, with the options of the one that is typed: those of all take as long as a photo does."""
    parser = ArgumentParser("photostyle", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"photostyle {version('photostyle')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    families: dict[str, Any] = {"": commands}
    for name, kind in COMMANDS.items():
        family, _, last = name.rpartition(" ")
        if family not in families:
            text = FAMILIES[family]
            of_family = commands.add_parser(family, help=text, description=text, allow_abbrev=False)
            families[family] = of_family.add_subparsers(required=True, metavar="COMMAND")
        doc = inspect.cleandoc(kind.__doc__ or "")
        if name.split() != list(argv[: len(name.split())]):
            families[family].add_parser(last, help=doc)
            continue
        shown = " ".join(filter(None, [f"photostyle {name} [options]", *map(_shown, _positionals(kind))]))
        command = families[family].add_parser(
            last, help=doc, description=doc, usage=shown, allow_abbrev=False, argument_default=SUPPRESS
        )
        command.set_defaults(command=name)
        for option in _positionals(kind):
            command.add_argument(option.name, metavar=option.name.upper(), nargs=_count(option), help=_help(option))
        for section, options in groupby(options_of(kind), lambda option: option.name.rpartition(".")[0]):
            group = command.add_argument_group(f"[{section}]") if section else command
            for option in options:
                if option.name not in kind.positionals:
                    _add(group.add_argument, option)
    return parser


def _positionals(command: type[Command]) -> list[Option]:
    own = {option.name: option for option in _fields(command)}
    return [own[name] for name in command.positionals]


def _count(option: Option) -> str | None:
    """How many words a positional takes: several, or one at most, or one."""
    if _is_several(option):
        return "+"
    return "?" if option.default is None else None


def _is_several(option: Option) -> bool:
    return isinstance(type_info(option.kind), VarTupleType)


def _shown(positional: Option) -> str:
    word = positional.name.upper()
    return {"+": f"{word} [{word} ...]", "?": f"[{word}]", None: word}[_count(positional)]


def _add(add: Callable[..., Any], option: Option) -> None:
    help = _help(option) if option.listed else SUPPRESS
    names = [*LETTERS.get(option.name, ()), as_option(option.name)]
    form: dict[str, Any] = {"metavar": placeholder(option.kind), "required": option.default is msgspec.NODEFAULT}
    if option.name == PROTECT:
        form = {"metavar": "NAME=NUMBER", "action": "append"}
    elif isinstance(option.default, bool):
        form = {"action": BooleanOptionalAction if option.setting else "store_true"}
    elif _is_several(option):
        form |= {"action": "extend", "nargs": "+"}
    elif not option.setting:
        form |= {"action": Once}
    add(*names, dest=option.name, help=help, **form)


def _fields(struct: type[Struct], section: str = "") -> Iterator[Option]:
    docs = _docstrings(struct)
    for each in structs.fields(struct):
        if each.name in FILLED_IN or each.name == "palette":  # a table of names and colours is for files
            continue
        default = each.default if each.default_factory is msgspec.NODEFAULT else each.default_factory()
        yield Option(f"{section}{each.encode_name}", each.type, default, " ".join(docs.get(each.name, "").split()))


def _help(option: Option) -> str:
    """With the default, as argparse takes it."""
    default = option.default
    shown = "" if default in (None, False, msgspec.NODEFAULT, Protect()) else str(default)
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else shown
    return " ".join([option.help, *([f"(default: {shown})"] if shown else [])]).replace("%", "%%")


@cache
def _docstrings(struct: type) -> dict[str, str]:
    """The string below each field of a class or of those it is made from."""
    docs: dict[str, str] = {}
    for each in struct.__mro__[: struct.__mro__.index(Struct)]:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for above, below in pairwise(body):
            match above, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    docs.setdefault(name, text)
    return docs


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as in a file: "smooth.lambda" is in a table of its section."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[key] = value
    return nested


def _named_value(word: str) -> tuple[str, str]:
    """What is protected, and how far.

    Raises:
        ConfigError: it has no "=".
    """
    name, equals, value = word.partition("=")
    if not equals:
        raise ConfigError(f"--protect {word}: give what is protected, and how far, as in --protect skin=0.7")
    return name.strip(), value.strip()


def _several_lambdas(listed: str, command: str) -> list[str]:
    """A list of lambdas, `--smooth.lambda A,B,C`: a configuration has only one.

    Raises:
        ConfigError: another command than smooth, or something in the list that is no lambda.
    """
    spelling = f"{as_option(LAMBDA)} {listed}"
    if command != "smooth":
        takes_several = "`photostyle smooth` takes a list and lays the results side by side"
        raise ConfigError(f"{spelling}: {command} takes one lambda; {takes_several}")
    lambdas = listed.split(",")
    if any(True for lam in lambdas for _ in find_faults(Layer({"smooth": {"lambda": lam}}))):
        raise ConfigError(f"{spelling}: wants numbers above 0 with commas between them")
    return list(dict.fromkeys(lambdas))


def _unknown(words: Sequence[str], command: str, known: Sequence[str]) -> str:
    names = [word.partition("=")[0] for word in words if word.startswith("-")]
    if not names:
        takes = "one folder: put quotes around a name with spaces" if "--results" in known else "no folder"
        if positionals := COMMANDS[command].positionals:
            takes = takes if positionals == ("dataset",) else f"only {' and '.join(map(str.upper, positionals))}"
        return f"{' '.join(words)}: {command} takes {takes}"
    near = {name: get_close_matches(name, known, n=1) for name in names}
    return "\n".join(f"{name}: no such option{f': {near[name][0]}?' if near[name] else ''}" for name in names)
