"""A look in a file: its table of colours, and what it was learnt from."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pipeline.images.saving import ENCODERS
from pipeline.store.files import hash_array, read_file
from stages.look.table import Table

FORMAT, VERSION = "photostyle look", "1"
TABLE = "table"
UNHELD = "unheld"
"""What the record calls that which the table can't hold."""
LEFT_OUT = "left out"
"""What the record calls the photos that could not be read, with the reasons."""
NO_LOOKS = frozenset({*ENCODERS, ".cube"})
"""Endings of files of other kinds that are written."""
FEWEST, MOST = 2, 129
"""Points along the edge of a table that is read."""
MOST_BYTES = 100_000_000


class LookError(ValueError):
    """A look that can't be read, made or written: the message says why, and what to do."""


class Look(NamedTuple):
    """A table of colours and where it comes from."""

    table: Table
    record: dict[str, Any]
    """Photos, styles and settings, for people to read."""

    def digest(self) -> str:
        """Hash of the table: equal for looks that change all colours alike."""
        return hash_array(self.table)


def check_name(path: Path) -> None:
    """Keeps a look from getting a name by which another program would take it for something else.

    Raises:
        LookError: it has one.
    """
    if path.suffix.lower() in NO_LOOKS:
        raise LookError(f"{path}: a look is neither a picture nor a .cube: give a name ending in .look")


def misfit_in_words(look: Look) -> str:
    """What the table can't hold, as far as the record says it."""
    match look.record.get(UNHELD):
        case {"mean": float(mean), "percentile_95": float(high)}:
            left = f"Delta E 2000 {mean:.2f} in the mean, {high:.2f} at the 95th percentile"
            return f"what a table can't hold of it: {left}"
        case _:
            return ""


def encode_look(look: Look) -> bytes:
    """The file: safetensors with one tensor, and metadata."""
    metadata = {"format": FORMAT, "version": VERSION, "record": msgspec.json.encode(look.record).decode()}
    return save({TABLE: np.ascontiguousarray(look.table)}, metadata)


def read_look(path: Path) -> Look:
    """Reads a look; nothing in the file is run.

    Raises:
        LookError: it can't be read, or is no look of a version that is known.
    """
    remedy = "make one by `photostyle look make`"
    try:
        read_file(path, MOST_BYTES)  # refuses what is no regular file
        with safe_open(path, framework="np") as file:
            metadata, names = file.metadata() or {}, list(file.keys())
            table = file.get_tensor(TABLE) if names == [TABLE] else None
    except FileNotFoundError as error:
        raise LookError(f"{path}: there is no such file: {remedy}") from error
    except (OSError, SafetensorError) as error:
        raise LookError(f"{path}: is no look, or damaged: {remedy}") from error
    if metadata.get("format") != FORMAT or table is None:
        raise LookError(f"{path}: is no look: {remedy}")
    if metadata.get("version") != VERSION:
        version = metadata.get("version")
        raise LookError(f"{path}: is a look of version {version!r}, version {VERSION} is read: {remedy}")
    size = len(table) if table.ndim else 0
    if table.dtype != np.float32 or table.shape != (size, size, size, 3) or not FEWEST <= size <= MOST:
        raise LookError(f"{path}: its table is of type {table.dtype} and shape {table.shape}: {remedy}")
    if not (np.isfinite(table).all() and table.min() >= 0 and table.max() <= 1):
        raise LookError(f"{path}: its table holds what is no colour: {remedy}")
    return Look(table, _record(metadata))


def _record(metadata: dict[str, str]) -> dict[str, Any]:
    """Empty where it can't be read: the table is what counts."""
    try:
        return msgspec.json.decode(metadata.get("record", "{}"), type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}
