"""Settings from several places, laid over one another: the nearer to the user, the more they count.

Defaults < what results were made with < the dataset's photostyle.toml < the pair's own < the file of --config < the
command line.
"""

import os
import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

from pipeline.events.errors import in_words
from pipeline.settings.config import FILE, Config, ConfigError, Own
from pipeline.settings.wording import allowed
from pipeline.store.files import leads_out, read_file, write_atomically

MOST_BYTES = 1_000_000
"""Of a file of settings."""
NAMED = r"`([a-z_]+)`"
"""A setting, in what is said of several."""
HOW = 'write name = value, where a value is a number (0.5), a text in straight quotes ("native"), true or false'
MOST_SHOWN = 80
"""Characters of a wrong value."""


class Layer(NamedTuple):
    """Settings from one place, by the names that they have in files."""

    values: Mapping[str, Any]
    file: Path | None = None
    """None is the command line, where all values are texts."""
    known: type[Struct] = Config
    """What may be set there."""


def load_config(
    dataset: Path | None,
    file: Path | None = None,
    own: Path | None = None,
    options: Mapping[str, Any] | None = None,
    made: Mapping[str, Any] | None = None,
) -> Config:
    """The settings of a pair, or of a dataset as a whole.

    Args:
        dataset: its folder; None where there is none.
        file: that was given with --config.
        own: the file of a pair's own settings, which count too.
        options: those of the command line.
        made: what results were made with, which only counts where nothing is set.

    Raises:
        ConfigError: a file can't be read, or as for `resolve`.
    """
    layers = [Layer(made or {})]
    if dataset is not None and os.path.lexists(dataset / FILE):
        if leads_out(dataset / FILE, dataset.resolve()):
            remedy = "copy the file, or give it as --config"
            raise ConfigError(f"{dataset / FILE}: a link that leads out of the dataset's folder: {remedy}")
        layers.append(read_layer(dataset / FILE))
    if own is not None:
        layers.append(read_layer(own, Own))
    if file is not None:
        layers.append(read_layer(file))
    return resolve([*layers, Layer(options or {})])


def resolve(layers: Iterable[Layer]) -> Config:
    """The defaults with the layers over them, the last one uppermost.

    Raises:
        ConfigError: with every unknown name and every value that can't be used, one line each.
    """
    layers = list(layers)
    if faults := [fault for layer in layers for fault in find_faults(layer)]:
        raise ConfigError("\n".join(faults))
    values: Mapping[str, Any] = reduce(_merge, (layer.values for layer in layers), {})
    try:
        return msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:  # each value is right: two of them don't go together
        raise ConfigError(_conflict(str(error), layers)) from error


def _conflict(error: str, layers: Sequence[Layer]) -> str:
    """What is said of settings of one section that don't go together, by their names where they come from."""
    text, _, section = error.partition(" - at `$.")
    section = section.rstrip("`")
    set_last = reversed(
        [layer for layer in layers if {*re.findall(NAMED, text)} & layer.values.get(section, {}).keys()]
    )
    file = next(set_last, Layer({})).file
    told = re.sub(NAMED, lambda name: f"{section}.{name[1]}" if file else as_option(f"{section}.{name[1]}"), text)
    return f"{file}: {told}" if file else told


def read_layer(file: Path, known: type[Struct] = Config) -> Layer:
    """The settings in a file.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        text = _text(read_file(file, MOST_BYTES), file)
    except OSError as error:
        raise ConfigError(in_words(error, file)) from error
    try:
        return Layer(tomllib.loads(text), file, known)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {_where(text, str(error))}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: holds a number of thousands of digits") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: is nested too deeply") from error


def save_dials(own: Path, lam: float, mu: float) -> None:
    """Makes a lambda and a mu a pair's own, in a file that can hold nothing else.

    Raises:
        OSError: the file can't be written.
    """
    text = f"# This pair's own, saved by `photostyle ui`.\n[smooth]\nlambda = {lam!r}\nmu = {mu!r}\n"
    write_atomically(own, text.encode())


def _text(data: bytes, file: Path) -> str:
    """Text, with whatever line ends and whatever mark at its start."""
    zeros = max(data[::2].count(0), data[1::2].count(0))
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or 4 * zeros > len(data):
        raise ConfigError(f"{file}: is UTF-16: save it as UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is no text in UTF-8: save it as UTF-8") from error


def _where(text: str, error: str) -> str:
    """Where it is no TOML, and what to do: the parser only knows a line's number, or that the end has come."""
    lines = text.rstrip(" \t\n").split("\n")
    known = re.search(r"at line (\d+)", error)
    number = min(int(known[1]), len(lines)) if known else len(lines)
    what = "is there already: keep one" if error.startswith("Cannot") else HOW
    line = lines[number - 1].strip(" \t")[:MOST_SHOWN]  # all else that can't be seen is told
    return f"line {number}, {line!r}: {what}"


def as_option(name: str) -> str:
    """How a setting is called on the command line: those of `protect` are words behind one option."""
    return f"--{name.replace('_', '-')}".replace("--protect.", "--protect ")


def find_faults(layer: Layer) -> Iterator[str]:
    """What of a layer can't be used, a line for each fault."""
    for name, text in _faults(layer.values, layer.known, "", strict=layer.file is not None):
        place = [str(layer.file), name] if layer.file is not None else [name and as_option(name)]
        yield ": ".join([*filter(None, place), text])


def convert(value: Any, kind: Any, *, strict: bool = False) -> Any:
    """A value as its type asks for; from texts, unless that is to be strict.

    Raises:
        msgspec.ValidationError: it can't be.
    """
    return msgspec.convert(value, kind, strict=strict, dec_hook=lambda path, text: path(os.path.expanduser(text)))


def _faults(table: Mapping[str, Any], struct: type[Struct], section: str, *, strict: bool) -> Iterator[tuple[str, str]]:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    for key, value in table.items():
        name = f"{section}.{key}" if section else key
        if key not in known:
            place = f"in [{section}]" if section else "at the top level"
            yield "", f"unknown key {key!r} {place}; it knows {', '.join(known)}"
        elif isinstance(value, dict) and isinstance(known[key], type) and issubclass(known[key], Struct):
            yield from _faults(value, known[key], key, strict=strict)
        elif isinstance(value, dict) and get_origin(known[key]) is dict:
            entry_kind = get_args(known[key])[1]
            for entry, each in value.items():
                yield from _wrong(f"{name}.{entry}", each, entry_kind, strict=strict)
        else:
            yield from _wrong(name, value, known[key], strict=strict)


def _wrong(name: str, value: Any, kind: Any, *, strict: bool) -> Iterator[tuple[str, str]]:
    try:
        convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        shown = _shown(value)
        quoted = f'"{shown}"' if strict and shown == value else shown  # as in the file: "700" is no number
        yield name, f"wants {allowed(kind)}, not {quoted}"


def _shown(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return (text if text.isprintable() and text else repr(text))[:MOST_SHOWN]


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both_tables = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both_tables else value
    return merged
