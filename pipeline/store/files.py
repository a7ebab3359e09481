"""Files that are either whole or not there, their hashes, and the lock on a folder of results."""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import numpy as np
import numpy.typing as npt

DIGEST_BYTES = 20
MOST_BYTES = 4_000_000_000
"""Of a file that is read: 150 megapixels of 32-bit floats with alpha are 2.4 GB."""
PART = ".part"


class LockedError(RuntimeError):
    """Another run is writing to the same results."""


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """All of a regular file.

    Raises:
        OSError: it is not there, can't be read, is no regular file or has more than `most` bytes.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"{size} bytes are more than {most}", str(path))
        return file.read()


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file; what else may stand under a name (a pipe, a device) could be without end."""
    with open(path, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        yield file


def leads_out(path: Path, root: Path) -> bool:
    """Whether a name in a folder, through links, is that of something outside of it, or of nothing at all."""
    try:
        return not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links in a circle
        return True


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file so that a kill at any moment leaves the old one or the new one, never a part of it.

    Raises:
        OSError: the disk is full or the folder cannot be written to; the old file is untouched.
    """
    with staged({path: data}) as parts:
        swap_in(parts)


def move_atomically(part: Path, path: Path) -> None:
    """Puts a file, whole and lasting, in another's place in the same folder.

    Raises:
        OSError: the disk is full.
    """
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    swap_in({path: part})


def new_part(path: Path) -> Path:
    """A name beside a file's, under which it can be made."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")


def parts_of(path: Path) -> list[Path]:
    """What there is under such names."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}{re.escape(PART)}")
    return [path.with_name(name) for name in os.listdir(path.parent) if ours.fullmatch(name)]


@contextmanager
def staged(files: Mapping[Path, bytes]) -> Iterator[dict[Path, Path]]:
    """Files that are written, whole and lasting, under names of their own beside the old ones: path to that name.

    What has not been swapped in is gone when the block ends; a kill leaves it to `lock`.

    Raises:
        OSError: the disk is full or a folder cannot be written to.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            parts[path] = part = new_part(path)
            try:
                with open(part, "xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                error.filename = str(path)  # the system knows no name of what is open already
                raise
        yield parts
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def swap_in(parts: Mapping[Path, Path]) -> None:
    """Puts staged files of one folder in the place of the old ones, each at once."""
    for path, part in parts.items():
        os.replace(part, path)
    for folder in {path.parent for path in parts}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder as lasting as the files behind them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hash_bytes(data: bytes) -> str:
    """BLAKE2b of some bytes, as 40 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def digest_of(path: Path) -> str:
    """BLAKE2b of a file's bytes, however many.

    Raises:
        OSError: it is not there, can't be read, or is no regular file.
    """
    with _opened(path) as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def hash_file(path: Path) -> str | None:
    """The same; None where it can't be read."""
    try:
        return digest_of(path)
    except OSError:
        return None


def hash_array(array: npt.NDArray[np.generic]) -> str:
    """BLAKE2b of an array's type, shape and values: equal for equal images, however they are stored."""
    digest = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=DIGEST_BYTES)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Holds a folder of results for one run; the system lets go of it when the process ends, however it ends.

    Raises:
        LockedError: another run holds it; the message says which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise LockedError(f"{folder} is being written to by {holder}: wait for it, or give --results") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        _sweep(folder)
        yield


def _sweep(folder: Path) -> None:
    """Takes away what runs that were killed have left half written."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(PART):
                Path(place, name).unlink(missing_ok=True)
