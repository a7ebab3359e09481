"""The configuration: defaults, `<dataset>/photostyle.toml`, the pair's own lambda, --config FILE, the command line.

One frozen struct with a section for each stage; unknown keys are refused. Reading it never imports torch.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pipeline.dataset.layouts import SETTINGS, Pair, leads_out
from pipeline.networks.semantic_model import MODEL
from pipeline.store.files import read_file, write_atomically
from stages.segment.labels import PALETTE, Colour
from stages.settings import OneStage, Positive, Smooth, Stylize

WORKING_SIZE = 700
"""Long edge in pixels at which the stages work where nothing else is asked for."""

Size = Annotated[int, Meta(ge=32)] | Literal["native"]
Channel = Annotated[int, Meta(ge=0, le=255)]

MOST_BYTES = 1_000_000
"""Of a file of settings."""


class ConfigError(ValueError):
    """A configuration that can't be used: the message names the file, the key and what is allowed."""


class Segment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stage zero, where masks is semantic."""

    model: str = MODEL
    """Network that knows ADE20K's classes: this one, which is downloaded once, or a folder with a UPerNet of one's own
    (config.json and model.safetensors)."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every parameter of a run."""

    size: Size = WORKING_SIZE
    """Long edge in pixels to which both photos are brought down; smaller photos stay as they are. With `native` the
    stages work at the default, and the two-stage result is also carried up to the content's own size."""
    encoder: Literal["auto", "vgg19", "vgg16"] = "auto"
    """Network whose features carry style and content; auto is vgg19 where it can be had, otherwise vgg16."""
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    """Where stage one computes; auto is the first of cuda, mps and cpu that is there."""
    masks: Literal["auto", "semantic", "given", "none"] = "auto"
    """Regions: auto, from the masks beside the photos, and found in the photos where there are none; semantic, the
    same, but found by what is in the photos (sky, water, building, ...); given, from the masks alone; none, all of the
    style for all of the content."""
    strict: bool = False
    """Make an error of everything about the masks that would be put right: edges between the colours, a size one pixel
    off, a class that the style lacks."""
    palette: dict[str, tuple[Channel, Channel, Channel]] = {}
    """The masks' colours by name, in place of the paper's nine."""
    segment: Segment = Segment()
    stylize: Stylize = Stylize()
    smooth: Smooth = Smooth()
    onestage: OneStage = OneStage()


class OwnSmooth(Struct, frozen=True, forbid_unknown_fields=True):
    """What a pair may have of its own, of stage two."""

    lam: Positive = msgspec.field(name="lambda")


class Own(Struct, frozen=True, forbid_unknown_fields=True):
    """What a pair may have of its own."""

    smooth: OwnSmooth


def load_config(dataset: Path, file: Path | None, pair: Pair | None = None) -> Config:
    """The defaults, overridden by the dataset's own file, by the pair's, and by `file`, where they are.

    Raises:
        ConfigError: unreadable file, unknown key, value of another type or out of range.
    """
    config = Config()
    own = dataset / SETTINGS
    if own.exists():
        if leads_out(own, dataset.resolve()):
            raise ConfigError(
                f"{own}: a link that leads out of the dataset's folder: copy the file, or give it as --config"
            )
        config = _override(config, own)
    if pair is not None and has_own(pair):
        assert pair.settings is not None
        config = _override(config, pair.settings, Own)
    return _override(config, file) if file is not None else config


def palette_of(config: Config) -> dict[str, Colour]:
    """The colours of the masks: the paper's nine where the configuration has none.

    Raises:
        ConfigError: two names for one colour.
    """
    if not config.palette:
        return PALETTE
    names: dict[Colour, str] = {}
    for name, colour in config.palette.items():
        if colour in names:
            raise ConfigError(f"palette: {names[colour]} and {name} are the same colour, {colour}: keep one")
        names[colour] = name
    return config.palette


def has_own(pair: Pair) -> bool:
    """Whether a pair has settings of its own."""
    return pair.settings is not None and pair.settings.exists()


def save_lambda(pair: Pair, lam: float) -> Path:
    """Makes a lambda the pair's own; the file it is in.

    Raises:
        ConfigError: the pair can have none.
        OSError: the file can't be written.
    """
    if pair.settings is None:
        raise ConfigError(f"{pair.name} belongs to no dataset: there is nowhere to keep its lambda")
    text = f"# This pair's own, saved by `photostyle ui`.\n[smooth]\nlambda = {lam!r}\n"
    write_atomically(pair.settings, text.encode())
    return pair.settings


def checked(config: Config) -> Config:
    """The same configuration, its values checked: constructing a struct checks nothing.

    Raises:
        ConfigError: a value is of another type or out of range.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(config), Config)
    except msgspec.ValidationError as error:
        raise ConfigError(_at_option(str(error))) from error


def _override(config: Config, file: Path, known: type[Struct] = Config) -> Config:
    try:
        table = tomllib.loads(read_file(file, MOST_BYTES).decode())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except ValueError as error:  # not TOML, not UTF-8, or a number too long
        raise ConfigError(f"{file}: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: nested too deeply") from error
    if unknown := list(_unknown_keys(table, known, "")):
        raise ConfigError("\n".join(f"{file}: {text}" for text in unknown))
    try:
        return msgspec.convert(_merge(msgspec.to_builtins(config), table), Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_at_option(str(error))}") from error


def _unknown_keys(table: Mapping[str, Any], struct: type[Struct], section: str) -> Iterator[str]:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    place = f"in [{section}]" if section else "at the top level"
    for key, value in table.items():
        if key not in known:
            yield f"unknown key {key!r} {place}; it knows {', '.join(known)}"
        elif isinstance(value, dict) and isinstance(known[key], type) and issubclass(known[key], Struct):
            yield from _unknown_keys(value, known[key], key)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both_tables = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both_tables else value
    return merged


def _at_option(message: str) -> str:
    """msgspec's "Expected ... - at `$.smooth.lambda`", with the key first."""
    text, separator, path = message.partition(" - at `$.")
    return f"{path.rstrip('`')}: {text[:1].lower()}{text[1:]}" if separator else message
