"""Settings from several places, laid over one another: the nearer to the user, the more they count.

Defaults < what results were made with < the dataset's photostyle.toml < the pair's own < the file of --config < the
command line.
"""

import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from pipeline.dataset.config import Config, ConfigError, Own, has_own
from pipeline.dataset.file_names import SETTINGS
from pipeline.dataset.layouts import Pair, leads_out
from pipeline.dataset.wording import allowed
from pipeline.store.files import read_file
from pipeline.store.system_errors import in_words

MOST_BYTES = 1_000_000
"""Of a file of settings."""
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
    pair: Pair | None = None,
    options: Mapping[str, Any] | None = None,
    made: Mapping[str, Any] | None = None,
) -> Config:
    """The settings of a pair, or of a dataset as a whole.

    Args:
        dataset: its folder; None where there is none.
        file: that was given with --config.
        pair: whose own settings count too.
        options: those of the command line.
        made: what results were made with, which only counts where nothing is set.

    Raises:
        ConfigError: a file can't be read, or as for `resolve`.
    """
    layers = [Layer(made or {})]
    if dataset is not None and (dataset / SETTINGS).exists():
        if leads_out(dataset / SETTINGS, dataset.resolve()):
            remedy = "copy the file, or give it as --config"
            raise ConfigError(f"{dataset / SETTINGS}: a link that leads out of the dataset's folder: {remedy}")
        layers.append(read_layer(dataset / SETTINGS))
    if pair is not None and pair.settings is not None and has_own(pair):
        layers.append(read_layer(pair.settings, Own))
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
        text, _, section = str(error).partition(" - at `$.")
        as_options = re.sub("`([a-z_]+)`", lambda name: as_option(f"{section.rstrip('`')}.{name[1]}"), text)
        raise ConfigError(as_options) from error


def read_layer(file: Path, known: type[Struct] = Config) -> Layer:
    """The settings in a file.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        return Layer(tomllib.loads(read_file(file, MOST_BYTES).decode("utf-8-sig")), file, known)
    except OSError as error:
        raise ConfigError(in_words(error, file)) from error
    except UnicodeDecodeError as error:
        found = "UTF-16" if error.object.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "no text in UTF-8"
        raise ConfigError(f"{file}: is {found}: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: holds a number of thousands of digits") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: is nested too deeply") from error


def as_option(name: str) -> str:
    """How a setting is called on the command line."""
    return f"--{name.replace('_', '-')}"


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
    return msgspec.convert(value, kind, strict=strict, dec_hook=lambda path, text: path(text).expanduser())  # ~ too


def _faults(table: Mapping[str, Any], struct: type[Struct], section: str, *, strict: bool) -> Iterator[tuple[str, str]]:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    for key, value in table.items():
        name = f"{section}.{key}" if section else key
        if key not in known:
            place = f"in [{section}]" if section else "at the top level"
            yield "", f"unknown key {key!r} {place}; it knows {', '.join(known)}"
        elif isinstance(value, dict) and isinstance(known[key], type) and issubclass(known[key], Struct):
            yield from _faults(value, known[key], key, strict=strict)
        else:
            try:
                convert(value, known[key], strict=strict)
            except msgspec.ValidationError:
                yield name, f"wants {allowed(known[key])}, not {_shown(value)}"


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
