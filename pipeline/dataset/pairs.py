"""A dataset's pairs, and what is wrong with those that can't be used."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import (
    ROLES,
    is_plain,
    listed,
    names_a_folder,
    printable,
    why_unused,
)
from pipeline.dataset.layouts import Found, Unused, find, is_pairs_folder
from pipeline.dataset.links import dangles, is_shut
from pipeline.events.errors import in_words
from pipeline.images.kinds import READ
from pipeline.store.files import leads_out
from stages.segment.labels import PALETTE, Colour

LAYOUTS = """the layouts are
  <folder>/<pair>/content.* and style.*, optionally content_mask.png and style_mask.png
  <folder>/input/in1.png ... and style/tar1.png ..., optionally segmentation/
  <folder>/content/a.png ... and style/a.png ..., optionally content_segment/ and style_segment/
  <folder>/content_img/a.png ... and style_img/a.png ..., optionally content_seg/ and style_seg/"""


class DatasetError(ValueError):
    """A folder that is no dataset at all."""


class Fault(NamedTuple):
    """Something wrong with one pair, and what to do."""

    pair: str
    text: str


class MaskRules(NamedTuple):
    """How a dataset's masks are read."""

    palette: Mapping[str, Colour] = PALETTE
    strict: bool = False
    """Whether what could be put right is an error nevertheless."""


class Pair(NamedTuple):
    """The files of one content photo and one style photo; the masks come both or not at all."""

    name: str
    content: Path
    style: Path
    content_mask: Path | None = None
    style_mask: Path | None = None
    comparisons: Mapping[str, Path] = {}
    """Other methods' results by the method's name."""
    settings: Path | None = None
    """Where its own settings would be; None where it can have none."""
    mask_rules: MaskRules = MaskRules()
    """How its masks are read."""

    def files(self) -> list[Path]:
        """The photos, and the masks where there are any."""
        return [path for path in (self.content, self.style, self.content_mask, self.style_mask) if path is not None]

    def own_settings(self) -> Path | None:
        """The file of its own settings, if it has any."""
        return self.settings if self.settings is not None and self.settings.exists() else None


class Dataset(NamedTuple):
    """The complete pairs of a folder in natural order, the faults of the others, and what is used for neither."""

    name: str
    root: Path
    pairs: tuple[Pair, ...]
    faults: tuple[Fault, ...]
    unused: tuple[Unused, ...] = ()


def open_dataset(root: Path) -> Dataset:
    """Finds the pairs of a folder; looks at names only, opens no image.

    Raises:
        DatasetError: no such folder, unknown layout, or no pair in it.
    """
    typed, root = root, root.resolve()
    if not root.is_dir():
        what = (
            "is not a folder: give the folder of its pair"
            if root.exists()
            else "is not there: give the folder of your pairs"
        )
        raise DatasetError(f"{root} {what}")
    try:
        listing = sorted(root.iterdir())
        found, unused = find(root, listing)
    except OSError as error:
        raise DatasetError(in_words(error, root)) from error
    pairs, faults = list[Pair](), list[Fault]()
    for one in sorted(found, key=lambda one: _natural(one.name)):
        name, texts = printable(one.name), list(_faults(one, root))
        faults += [Fault(name, text) for text in texts]
        unused += [Unused(name, text) for text in _left_aside(one)]
        if not texts:
            pairs.append(_pair(one))
    if not pairs and not faults:
        if is_pairs_folder(root):
            command = shlex.join(["photostyle", "run", str(typed.parent), "--pairs", root.name])
            raise DatasetError(f"{root} is the folder of one pair: {command}")
        told = "".join(f"\n{one.text}" for one in unused)
        raise DatasetError(f"{root} holds no pair of photos; {LAYOUTS}{told}")
    return Dataset(root.name, root, tuple(pairs), tuple(faults), tuple(unused))


def _pair(found: Found) -> Pair:
    files = [next(iter(found.files[role]), None) for role in ROLES]
    content, style, content_mask, style_mask = files
    assert content is not None
    assert style is not None
    return Pair(found.name, content, style, content_mask, style_mask, found.comparisons, found.settings)


def _faults(found: Found, root: Path) -> Iterator[str]:
    if not names_a_folder(found.name):
        yield f"{found.name!r} can't name a folder of results: rename it"
    for name in found.comparisons:
        if not is_plain(name):
            yield f"{found.place}{f'compare_{name}'!r} can't be printed: rename it"
    if found.unreadable:
        yield found.unreadable
        return
    for role, files in found.files.items():
        if not files and found.meant.get(role):
            yield from (f"{found.place}{why_unused(path, role)}" for path in found.meant[role])
        elif not files and role in ROLES[:2]:
            stranger = f"; {listed(found.strangers)}: not used" if found.strangers else ""
            yield f"{found.place}no {role} photo: add one ({READ}){stranger}"
        elif len(files) > 1:
            yield f"{found.place}{' and '.join(sorted(path.name for path in files))} both could be the {role}: keep one"
    masks = {role: found.files[role] or found.meant.get(role) for role in ROLES[2:]}
    if any(masks.values()) and not all(masks.values()):
        has, lacks = ("content", "style") if masks["content_mask"] else ("style", "content")
        yield f"{found.place}has a {has}_mask but no {lacks}_mask: add the one or remove the other"
    for path in [
        *(path for files in found.files.values() for path in files),
        *found.comparisons.values(),
        *([] if found.settings is None else [found.settings]),
    ]:
        if text := dangles(path):
            yield f"{path}: {text}: put the file in its place"
        elif text := is_shut(path):
            yield text
        elif leads_out(path, root):
            yield f"{path}: a link that leads out of the dataset's folder: copy the file there"


def _left_aside(found: Found) -> Iterator[str]:
    """What is said of images beside those that are used."""
    for role, paths in found.meant.items():
        if paths and found.files[role]:
            yield f"{found.place}{listed(paths)}: not used: {printable(found.files[role][0].name)} is"
    if found.strangers and all(found.files[role] for role in ROLES[:2]):
        yield f"{found.place}{listed(found.strangers)}: not used"


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
