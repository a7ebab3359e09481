"""Hashes of decoded files, kept for as long as the files are untouched: a shortcut to the content, not its substitute.

Whether a result is current is decided by hashes of what is decoded (store.manifest). To decode a thousand photos
only to learn that none has changed takes minutes, so the hashes lie in the results folder beside the files' stamps. A
stamp is what git's index takes for one: size, inode, and the times of the last change to content and to inode, in
nanoseconds; the second no program can set back. It is sound because

- two changes within one tick of a file system's clock give one stamp (git calls that racily clean): so a file that was
  changed less than `TICK_NS` before it was read is not remembered, nor is one whose time lies in the future;
- a file whose stamp is another one after reading than before is not remembered;
- whatever was remembered by other code than this, or with other decoders, is forgotten.

A cache that is damaged or gone is made anew. It is written atomically; of two writers the later one wins, and what
the other had learnt is learnt again.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from pipeline.store.files import hash_bytes, read_file, write_atomically
from pipeline.store.recall import Known

FILE = ".hashes.json"
TICK_NS = 2_000_000_000
"""FAT's clock, the coarsest there is, ticks every two seconds."""
DECODERS = ("imagecodecs", "numpy", "pillow", "tifffile")

Stamp = tuple[int, int, int, int]
"""Of a file: bytes, inode, time of the last change to its content and to its inode."""


class _Entry(NamedTuple):
    stamps: tuple[Stamp, ...]
    known: Known


class _Kept(Struct, forbid_unknown_fields=True):
    """The file."""

    maker: str
    entries: dict[str, _Entry]


class HashCache:
    """What is remembered in a folder of results, which need not be there yet."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._entries = _read(results / FILE)
        self._learnt = False

    def recall(self, question: str, files: Sequence[Path], find_out: Callable[[], Known]) -> Known:
        """What `find_out` would say, from memory if no file has been touched since it was last asked.

        Args:
            question: names the answer, and all that it depends on but the files.
            files: every file that `find_out` reads.
            find_out: may raise what it likes: that is not remembered.
        """
        before = stamps_of(files)
        entry = self._entries.get(question)
        if entry is not None and entry.stamps == before:
            return entry.known
        lasting = before is not None and settled(before)
        known = find_out()
        if before is not None and lasting and stamps_of(files) == before:
            self._entries[question] = _Entry(before, known)
            self._learnt = True
        return known

    def save(self) -> None:
        """Keeps what was learnt, where there is a folder that can be written to: without it, all is only slower."""
        if self._learnt and self._results.is_dir():
            with suppress(OSError):
                write_atomically(self._results / FILE, msgspec.json.encode(_Kept(_maker(), self._entries)))
                self._learnt = False


def _read(path: Path) -> dict[str, _Entry]:
    try:
        kept = msgspec.json.decode(read_file(path), type=_Kept)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return {}
    return kept.entries if kept.maker == _maker() else {}


def stamps_of(files: Iterable[Path]) -> tuple[Stamp, ...] | None:
    """The files as they are now; None where one can't be looked at."""
    try:
        looks = [os.stat(file) for file in files]
    except OSError:
        return None
    return tuple((look.st_size, look.st_ino, look.st_mtime_ns, look.st_ctime_ns) for look in looks)


def settled(stamps: Iterable[Stamp]) -> bool:
    """Whether another change to the files would give them other stamps: the last is over a tick of the clock ago."""
    return time.time_ns() - max(max(modified, changed) for _, _, modified, changed in stamps) > TICK_NS


@cache
def _maker() -> str:
    """Hash of the code and of the decoders' versions: whatever could make other hashes of the same files."""
    root = Path(__file__).parents[2]
    sources = sorted(path for package in ("pipeline", "stages") for path in (root / package).rglob("*.py"))
    code = b"\0".join(source.read_bytes() for source in sources)
    return hash_bytes(code + " ".join(version(name) for name in DECODERS).encode())
