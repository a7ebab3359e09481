"""Files that we put where the user wants them, among files of his own: which are ours, and which are still current.

A note about each lies in the cache, by the place of the file: what it was made from, and the hash of its bytes. It is
written before the file, with the hashes of the old bytes and of the new, so that a kill in between leaves no file of
which nobody knows that it is ours. Without the notes our files are the user's, and are left alone.
"""

import errno
import os
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.store.cache import cache_folder
from pipeline.store.files import hash_bytes, hash_file, move_atomically, parts_of, read_file, write_atomically

FOLDER = "deliveries"
MOST_BYTES = 100_000


class ForeignFileError(ValueError):
    """A file that is not ours stands in an output's place."""


class _Note(Struct, frozen=True, forbid_unknown_fields=True):
    recipe: str
    """Hash of all that decides the file."""
    hashes: list[str]
    """Of the bytes that were to be written, and of those that we wrote before."""


def find_delivery(path: Path, recipe: str) -> Literal["missing", "current", "stale", "foreign"]:
    """What stands at a place: nothing, what would be written there again, another file of ours, or one that is not.

    recipe: hash of all that decides the file.
    """
    if not path.exists() and not path.is_symlink():
        return "missing"
    note, digest = _read(path), hash_file(path)
    if note is None or digest not in note.hashes:
        return "foreign"
    return "current" if note.recipe == recipe and digest == note.hashes[0] else "stale"


def deliver(path: Path, made: bytes | Path, recipe: str) -> None:
    """Writes a file whole or not at all, and remembers that it is ours; what killed runs left of it goes.

    The caller has made sure that what stands there may go.

    Args:
        path: its place.
        made: its bytes; or a file in the same folder that holds them, and is moved there.
        recipe: hash of all that decides it.

    Raises:
        OSError: it can't be written.
    """
    digest = hash_bytes(made) if isinstance(made, bytes) else hash_file(made)
    if digest is None:
        raise OSError(errno.ENOENT, "it was taken away while it was made", str(made))
    before, old = _read(path), hash_file(path)
    known = [old] if before is not None and old is not None and old in before.hashes else []
    note = _note_of(path)
    note.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(note, msgspec.json.encode(_Note(recipe, [digest, *known])))
    for part in parts_of(path):  # of a run that was killed
        if part != made:
            part.unlink(missing_ok=True)
    if isinstance(made, bytes):
        write_atomically(path, made)
    else:
        move_atomically(made, path)


def _note_of(path: Path) -> Path:
    place = path.parent.resolve() / path.name
    folder, name = (hash_bytes(os.fsencode(part)) for part in (place.parent, place.name))
    return cache_folder() / FOLDER / folder / f"{name}.json"


def _read(path: Path) -> _Note | None:
    try:
        return msgspec.json.decode(read_file(_note_of(path), MOST_BYTES), type=_Note)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
