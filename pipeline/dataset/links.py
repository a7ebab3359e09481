"""Links in a dataset: to nothing, in a circle, out of its folder; and files that can't be looked at."""

import errno
import os
from pathlib import Path

from pipeline.dataset.file_names import printable
from pipeline.events.errors import in_words


def dangles(path: Path) -> str:
    """What is said of a link to nothing."""
    if not os.path.islink(path) or os.path.exists(path):
        return ""
    what = "leads back to it" if _leads_back(path) else "is not there"
    return f"a link to {printable(os.readlink(path))}, which {what}"


def _leads_back(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def is_shut(path: Path) -> str:
    """What is said of a file that can't even be looked at; of one that is not there, nothing."""
    try:
        path.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return in_words(error, path)
    return ""
