"""Photos brought down to the working size, kept on the disk for as long as a run lasts.

A run puts them there when it first looks at a dataset, and each of its processes takes them, so that a photo is decoded
once and not for each step. What is kept is a shortcut only: where there is no room for it, or a photo has been touched
since, the photo is decoded again.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from zipfile import BadZipFile

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.images.photos import Original, Understood
from pipeline.images.raster import Alpha
from pipeline.images.sizes import shrink
from pipeline.store.files import hash_array, hash_bytes
from pipeline.store.hash_cache import settled, stamps_of
from stages.arrays import Photo

FOLDER = ".prepared"
"""In a pair's folder of results."""
SHARE = 0.1
"""Of the space that is free when a run begins: no more is taken."""


class Reduced(NamedTuple):
    """A photo at the working size, and what is known of it at its own."""

    photo: Photo
    alpha: Alpha | None
    """(H, W) in [0, 1]; None where it has none."""
    shape: tuple[int, int]
    """Height and width of the photo in its file."""
    digest: str
    """Hash of what is decoded: colours, transparency and depth; "" where nobody has asked yet."""
    notes: tuple[str, ...]
    """What was put right."""


class Room:
    """The space on the disk that may still be taken."""

    def __init__(self, results: Path) -> None:
        """results: a folder on that disk."""
        self.left, self._lock = int(SHARE * shutil.disk_usage(results).free), Lock()

    def take(self, count: int) -> bool:
        """Whether so many bytes are left; then they are taken."""
        with self._lock:
            fits = count <= self.left
            self.left -= count * fits
        return fits


class Prepared(NamedTuple):
    """Where a pair's photos are kept."""

    folder: Path
    room: Room | None = None
    """For more of them; None where they are only taken from there."""


class _About(NamedTuple):
    shape: tuple[int, int]
    digest: str
    notes: tuple[str, ...]


@contextmanager
def preparing(results: Path) -> Iterator[None]:
    """For as long as the block lasts, photos may be kept in the pairs' folders of results; then they are gone."""
    _clear(results)
    try:
        yield
    finally:
        _clear(results)


def read_reduced(
    path: Path,
    edge: int,
    prepared: Prepared | None,
    read: Callable[[Path], Understood],
    *,
    whole: bool = False,
) -> Reduced:
    """A photo with its long edge brought down to `edge` pixels.

    Args:
        path: of the photo.
        edge: in pixels.
        prepared: where it may be kept; None for nowhere.
        read: reads a photo that is not kept.
        whole: whether the hash of the photo at its own size is wanted.

    Raises:
        ImageError: as for `read`.
    """
    before = stamps_of([path]) if prepared is not None else None
    if prepared is None or before is None or not settled(before):
        return _reduced(read(path), edge, whole)
    kept = prepared.folder / f"{hash_bytes(f'{path.absolute()} {before} {edge}'.encode())}.npz"
    with suppress(OSError, ValueError, KeyError, BadZipFile):
        known = _read(kept)
        if known.digest or not whole:
            return known
    reduced = _reduced(read(path), edge, whole)
    if prepared.room is not None and stamps_of([path]) == before and prepared.room.take(reduced.photo.nbytes):
        with suppress(OSError):
            _write(kept, reduced)
    return reduced


def _reduced(understood: Understood, edge: int, whole: bool) -> Reduced:
    original, notes = understood
    height, width = original.photo.shape[:2]
    alpha = None
    if original.alpha is not None:
        alpha = shrink(original.alpha[..., None], edge)[..., 0]
    digest = _digest(original) if whole else ""
    return Reduced(shrink(original.photo, edge), alpha, (height, width), digest, notes)


def _digest(original: Original) -> str:
    alpha = "opaque" if original.alpha is None else hash_array(original.alpha)
    return hash_bytes(f"{hash_array(original.photo)} {alpha} {original.bits} bits".encode())


def _read(kept: Path) -> Reduced:
    with kept.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        photo, alpha, about = arrays["photo"], arrays["alpha"], arrays["about"]
    known = msgspec.json.decode(about.tobytes(), type=_About)
    if photo.dtype != np.float32 or photo.ndim != 3 or alpha.dtype != np.float32:
        raise ValueError(f"{kept}: not what was written")
    return Reduced(photo, alpha if alpha.size else None, *known)


def _write(kept: Path, reduced: Reduced) -> None:
    """Whole or not at all, though it need not outlast a loss of power."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    about = msgspec.json.encode(_About(*reduced[2:]))
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "photo": reduced.photo,
        "alpha": np.empty(0, np.float32) if reduced.alpha is None else reduced.alpha,
        "about": np.frombuffer(about, np.uint8),
    }
    part = kept.with_name(f".{secrets.token_hex(4)}.npz")
    try:
        np.savez(part, allow_pickle=False, **arrays)
        os.replace(part, kept)
    finally:
        part.unlink(missing_ok=True)


def _clear(results: Path) -> None:
    for folder in results.glob(f"*/{FOLDER}"):
        shutil.rmtree(folder, ignore_errors=True)
