"""Large free photos, not kept here: the wallpapers of a Debian package, fetched once and checked.

By Aitzol Berasategi (CC BY 4.0), Bolly, Clemens Engelhardt (CC0) and others: its `copyright` file names them all.
"""

import hashlib
import io
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from pipeline.store.cache import cache_folder
from pipeline.store.files import write_atomically

NAME = "lomiri-wallpapers-16.04_20.04.0-2_all.deb"
URL = f"http://deb.debian.org/debian/pool/main/l/lomiri-wallpapers/{NAME}"
SHA256 = "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab"
FOLDER = "usr/share/backgrounds/"


def wallpapers() -> dict[str, bytes]:
    """JPEG files by name, without the photographer's.

    Raises:
        OSError: the package can't be fetched.
        ValueError: it is another one than it was.
    """
    path = cache_folder() / NAME
    if not path.exists():
        with urllib.request.urlopen(URL, timeout=60) as answer:
            data = answer.read()
        _check(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    data = path.read_bytes()
    _check(data)
    (content,) = (member for name, member in _members(data) if name.startswith("data.tar"))
    photos = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            if FOLDER in entry.name and (file := archive.extractfile(entry)) is not None:
                photos[Path(entry.name).name.split("_by_")[0]] = file.read()
    return photos


def _check(data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ValueError(f"{NAME}: sha256 {found}, expected {SHA256}")


def _members(deb: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of an ar archive."""
    at = 8
    while at < len(deb):
        name, size = deb[at : at + 16].decode().strip().rstrip("/"), int(deb[at + 48 : at + 58])
        yield name, deb[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
