"""Names of files and folders: what is read as what, what only looks so, and what may name a folder of results.

Case and the composition of accents make no difference: cameras, Windows and macOS each have ways of their own.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.images.formats.kinds import RAW_SUFFIXES, SUFFIXES
from pipeline.settings.config import FILE as SETTINGS

ROLES = ("content", "style", "content_mask", "style_mask")
OURS = frozenset({"manifest.json", "metrics.csv", "metrics.md", "sweep.csv"})
"""Files that lie beside the pairs' folders of results."""

PICTURES = ".gif .bmp .jxl .jp2 .jpf .j2k .tga .exr .hdr .ppm .pbm .pnm .svg"
PROJECTS = ".psd .psb .xcf .kra .ora .afphoto"
UNREAD = frozenset(f"{PICTURES} {PROJECTS} .raw".split())
"""Suffixes of images that are not read."""
OVERRIDES = frozenset("\u202d\u202e")
"""Characters that write a name backwards on the screen."""
MOST_LISTED = 3


class Images(NamedTuple):
    """The images in a folder."""

    read: Mapping[str, list[Path]]
    """By folded names without suffix; what is missing has none."""
    unread: Mapping[str, list[Path]]
    """The same, of formats that are not read."""

    def named(self, stem: str) -> list[Path]:
        """Those of a name, in whatever case; a camera's raw file only where no other program has made a photo of it."""
        files = self.read.get(folded(stem), [])
        return [path for path in files if path.suffix.lower() not in RAW_SUFFIXES] or files

    def stems(self) -> set[str]:
        """All names without suffix, of both, folded."""
        return {*self.read, *self.unread}

    def beside(self, used: Iterable[Path]) -> list[Path]:
        """All that are not among those used, in order."""
        left = {path for files in (*self.read.values(), *self.unread.values()) for path in files} - set(used)
        return sorted(left)


def images_among(paths: Iterable[Path]) -> Images:
    """The images in a folder's listing, without hidden files, in which systems keep notes of their own."""
    read, unread = defaultdict[str, list[Path]](list), defaultdict[str, list[Path]](list)
    for path in sorted(paths):
        suffix = path.suffix.lower()
        if path.name.startswith("."):
            continue
        if suffix in SUFFIXES:
            read[folded(path.stem)].append(path)
        elif suffix in UNREAD or (not suffix and folded(path.stem) in ROLES and os.path.isfile(path)):
            unread[folded(path.stem)].append(path)
    return Images(dict(read), dict(unread))


def folded(name: str) -> str:
    """A name as it is compared: without regard to case, and to how accents are composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def looks_like(path: Path) -> str | None:
    """Which of a pair's files a name seems to mean: "Copy of content (2)", "style-mask", "content.jpg.jpg"; or none."""
    words = folded(path.name.partition(".")[0])
    side = next((side for side in ("content", "style") if side in words), None)
    if side is None:
        return None
    return f"{side}_mask" if re.search(r"mask|seg|label", words.replace(side, "")) else side


def why_unused(path: Path, role: str) -> str:
    """Why an image that seems to be meant for a role is not used, and what to do."""
    name, suffix = printable(path.name), path.suffix.strip().lower()
    if suffix in SUFFIXES:
        return f"{name} is no name that is read: rename it to {role}{suffix}"
    if not suffix:
        return f"{name} is no name that is read: give it its suffix, as in {role}.jpg"
    kind = printable(suffix.lstrip(".").upper())
    return f"{name}: {kind} is not read: save it as {'PNG' if role.endswith('mask') else 'JPEG or PNG'}"


def of_any_suffix(paths: Iterable[Path], role: str) -> list[Path]:
    """Files that have the name of a role, and a suffix of no format that is known."""
    return [path for path in paths if folded(path.stem) == role and os.path.isfile(path)]


def listed(files: Iterable[Path]) -> str:
    """Some files' names, and how many more."""
    names = [printable(path.name) for path in files]
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def misnamed_settings(paths: Iterable[Path]) -> list[Path]:
    """Files that seem to be meant for settings: in other case, or with the suffix that Windows' editors add."""
    meant = {SETTINGS, f"{SETTINGS}.txt"}
    return [path for path in paths if folded(path.name) in meant and path.name != SETTINGS]


def names_a_folder(name: str) -> bool:
    """Whether a pair's results can lie in a folder of this name, beside the dataset's own files."""
    return is_plain(name) and name not in ("", ".", "..") and "/" not in name and name.lower() not in OURS


def is_plain(name: str) -> bool:
    """Whether a name can be shown: any script, any space and joiner; no control, line's end, or byte of no meaning."""
    return not OVERRIDES & set(name) and all(unicodedata.category(one) not in ("Cc", "Cs", "Zl", "Zp") for one in name)


def printable(name: str) -> str:
    """A name as it is shown."""
    return name if is_plain(name) else repr(name)
