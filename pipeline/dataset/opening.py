"""A dataset opened: its pairs, and what is wrong with those that can't be used."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.dataset.file_names import (
    ROLES,
    folded,
    is_plain,
    listed,
    names_a_folder,
    printable,
    why_unused,
)
from pipeline.dataset.layouts import Found, find, is_pairs_folder
from pipeline.dataset.links import dangles, is_shut
from pipeline.dataset.pairs import Dataset, DatasetError, Fault, MaskRules, Pair, Unused
from pipeline.events.errors import in_words
from pipeline.images.formats.kinds import READ
from pipeline.settings.config import Config, palette_of
from pipeline.store.files import leads_out

LAYOUTS = """the layouts are
  <folder>/<pair>/content.* and style.*, optionally content_mask.png and style_mask.png
  <folder>/input/in1.png ... and style/tar1.png ..., optionally segmentation/
  <folder>/content/a.png ... and style/a.png ..., optionally content_segment/ and style_segment/
  <folder>/content_img/a.png ... and style_img/a.png ..., optionally content_seg/ and style_seg/"""


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


def choose_pairs(path: Path | Dataset, config: Config, names: Sequence[str] = ()) -> Dataset:
    """The dataset, with only the pairs that are named, if any are: in whatever case, however accents are composed.

    Raises:
        DatasetError: as for opening it, and for a pair that it hasn't got.
    """
    dataset = open_dataset(path) if isinstance(path, Path) else path
    rules = MaskRules(palette_of(config), config.strict)
    pairs = (pair._replace(mask_rules=rules) for pair in dataset.pairs)
    if config.masks == "none":
        pairs = (pair._replace(content_mask=None, style_mask=None) for pair in pairs)
    dataset = dataset._replace(pairs=tuple(pairs))
    if not names:
        return dataset
    known = dict.fromkeys([*(pair.name for pair in dataset.pairs), *(fault.pair for fault in dataset.faults)])
    wanted = {
        name: [name] if name in known else [one for one in known if folded(one) == folded(name)] for name in names
    }
    if unknown := [name for name, found in wanted.items() if not found]:
        raise DatasetError(f"{dataset.root} has no pair {', '.join(unknown)}; it has {', '.join(known)}")
    chosen = {one for found in wanted.values() for one in found}
    return dataset._replace(
        pairs=tuple(pair for pair in dataset.pairs if pair.name in chosen),
        faults=tuple(fault for fault in dataset.faults if fault.pair in chosen),
        unused=tuple(one for one in dataset.unused if one.pair in chosen),
    )


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
