"""Errors in words: which file, what is wrong with it, and what to do; and whom they concern."""

import errno
from pathlib import Path

REMEDIES = {
    errno.EACCES: "give this user the right to read and write it",
    errno.EPERM: "give this user the right to read and write it",
    errno.EROFS: "choose another folder, by --results",
    errno.ENOSPC: "free some space, then the same command goes on",
    errno.EDQUOT: "free some space, then the same command goes on",
    errno.ENOENT: "check its name, or put it there",
    errno.EISDIR: "move that folder away",
    errno.EEXIST: "move that file away",
    errno.ENOTDIR: "move away the file that stands in a folder's place",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ELOOP: "a link that leads to itself: replace it by the file",
    errno.EIO: "the disk or the network failed: try again, and look at the disk",
    errno.EFBIG: "make it smaller",
    errno.EINVAL: "put a file in its place",
    errno.ESTALE: "the network's disk was lost: try again",
    errno.EMFILE: "too many files are open: close programs, or raise `ulimit -n`",
}
"""By the error's number."""


class NetworkError(RuntimeError):
    """A network can't be had: its weights, or the device that was asked for."""


class CrowdedGpuError(MemoryError):
    """A GPU's memory is full, and other processes of ours have some of it."""


def reason_of(error: Exception) -> str:
    """What an error says; its kind where it says nothing."""
    return in_words(error) if isinstance(error, OSError) else str(error).strip() or type(error).__name__


def in_words(error: OSError, path: Path | None = None) -> str:
    """An error of the system in one line.

    path: the file that it concerns, where the error itself does not say.
    """
    known = next((name for name in (error.filename2, error.filename) if isinstance(name, str | Path)), None)
    place = path or known  # the system may only know a number
    text = error.strerror or str(error) or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0)
    return ": ".join(str(part) for part in (place, text, remedy) if part)


def is_the_machine_s(error: Exception) -> bool:
    """Whether an error says nothing about the pair: the disk's, the memory's, the GPU's."""
    return isinstance(error, OSError | MemoryError) or any(
        sign in str(error) for sign in ("CUDA", "cuDNN", "out of memory")
    )


def concerns_all(error: Exception) -> bool:
    """Whether an error would befall every pair: no network, a full disk."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return isinstance(error, NetworkError)
