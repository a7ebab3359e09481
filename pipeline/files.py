"""Files that are either whole or not there, their hashes, and the lock on a folder of results."""

import fcntl
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

DIGEST_BYTES = 20


class LockedError(RuntimeError):
    """Another run is writing to the same results."""


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file so that a kill at any moment leaves the old one or the new one, never a part of it.

    Raises:
        OSError: the disk is full or the folder cannot be written to; the old file is untouched.
    """
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


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


def hash_file(path: Path) -> str | None:
    """BLAKE2b of a file's bytes; None where it can't be read."""
    try:
        return hash_bytes(path.read_bytes())
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
        yield


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
