"""Datasets: folders of pairs in three layouts, none of which has to be renamed; names are read without regard to case.

1. our own: `<dataset>/<pair>/{content,style}.*`, optional `{content,style}_mask.*` and `compare_<name>.*`;
2. the paper's release: `input/in{N}.png`, `style/tar{N}.png`, `segmentation/{in,tar}{N}.png`, and the authors'
   results in `tmp_results/out{N}_t_1000.png` and `final_results/best{N}_t_1000.png`;
3. FastPhotoStyle's (`content_img style_img content_seg style_seg`) and WCT2's
   (`content style content_segment style_segment`): folders whose files have equal names.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import (
    ROLES,
    SETTINGS,
    Images,
    folded,
    images_among,
    is_plain,
    listed,
    looks_like,
    misnamed_settings,
    names_a_folder,
    of_any_suffix,
    printable,
    why_unused,
)
from pipeline.dataset.links import dangles, is_shut, leads_out
from pipeline.images.kinds import READ
from pipeline.store.system_errors import in_words
from stages.segment.labels import PALETTE, Colour


class DatasetError(ValueError):
    """A folder that is no dataset at all."""


class Fault(NamedTuple):
    """Something wrong with one pair, and what to do."""

    pair: str
    text: str


class Unused(NamedTuple):
    """What looks like a photo, a mask or settings, and counts for nothing."""

    pair: str
    """To whose files it belongs; "" where to none's."""
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


ByRole = Mapping[str, Sequence[Path]]


class _Found(NamedTuple):
    """The candidates for each file of one pair: exactly one of each is wanted."""

    name: str
    place: str
    files: ByRole
    """By role; the masks' may be none."""
    comparisons: Mapping[str, Path]
    settings: Path | None
    meant: ByRole
    """By role: images that seem to be meant for it, but have other names, or are of formats that are not read."""
    strangers: Sequence[Path] = ()
    """Images that seem to be meant for nothing."""
    unreadable: str = ""
    """Why nothing more is known."""


SEPARATE_FOLDERS = (
    ("content_img", "style_img", "content_seg", "style_seg"),
    ("content", "style", "content_segment", "style_segment"),
)
RELEASE = ("input", "style", "segmentation", "tmp_results", "final_results")
IN_CLONE = "examples"
"""Where the release lies in its repository."""
LONGEST = 240
"""Bytes of a file's name: file systems have 255, some of which go to the names of what is half written."""
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
        found, unused = _find(root, listing)
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
        if _is_pairs_folder(root):
            command = shlex.join(["photostyle", "run", str(typed.parent), "--pairs", root.name])
            raise DatasetError(f"{root} is the folder of one pair: {command}")
        told = "".join(f"\n{one.text}" for one in unused)
        raise DatasetError(f"{root} holds no pair of photos; {LAYOUTS}{told}")
    return Dataset(root.name, root, tuple(pairs), tuple(faults), tuple(unused))


def _pair(found: _Found) -> Pair:
    files = [next(iter(found.files[role]), None) for role in ROLES]
    content, style, content_mask, style_mask = files
    assert content is not None
    assert style is not None
    return Pair(found.name, content, style, content_mask, style_mask, found.comparisons, found.settings)


def _find(root: Path, listing: Sequence[Path]) -> tuple[list[_Found], list[Unused]]:
    folders = {folded(path.name): path for path in reversed(listing) if path.is_dir()}
    if "input" in folders and "style" in folders:
        found, unused = _find_in_release(root, [folders.get(name) for name in RELEASE])
    elif IN_CLONE in folders and all((folders[IN_CLONE] / name).is_dir() for name in RELEASE[:2]):
        found, unused = _find_in_release(root, [folders[IN_CLONE] / name for name in RELEASE])
    elif separate := next((names for names in SEPARATE_FOLDERS if names[0] in folders and names[1] in folders), None):
        found, unused = _find_in_separate_folders(root, [folders.get(name) for name in separate])
    else:
        found, unused = _find_in_pair_folders(path for path in listing if path.is_dir())
        loose = images_among(listing).beside(())
        unused += [Unused("", f"{listed(loose)}: in no pair's folder: not used")] if loose else []
        shown = [path for path in listing if not path.name.startswith(".") and path not in loose]
        unused += [Unused("", f"{printable(path.name)}: {text}: not used") for path in shown if (text := dangles(path))]
    return found, [*unused, *(Unused("", text) for text in _settings_meant(listing))]


def _find_in_pair_folders(folders: Iterable[Path]) -> tuple[list[_Found], list[Unused]]:
    found, unused = list[_Found](), list[Unused]()
    for folder in folders:
        if folder.name.startswith("."):
            continue
        place, settings = f"{printable(folder.name)}/", folder / SETTINGS
        try:
            listing = sorted(folder.iterdir())
        except OSError as error:
            nothing = {role: () for role in ROLES}
            found.append(_Found(folder.name, place, nothing, {}, settings, {}, unreadable=in_words(error, folder)))
            continue
        images = images_among(listing)
        files = {role: images.named(role) for role in ROLES}
        compared = {
            path.stem[len("compare_") :]: path
            for stem, paths in images.read.items()
            for path in paths
            if stem.startswith("compare_")
        }
        beside = images.beside([*(path for paths in files.values() for path in paths), *compared.values()])
        meant = {role: [path for path in beside if looks_like(path) == role] for role in ROLES}
        if any(files.values()) or any(meant.values()):
            for role in ROLES:
                meant[role] = meant[role] if files[role] or meant[role] else of_any_suffix(listing, role)
            strangers = [path for path in beside if looks_like(path) is None]
            found.append(_Found(folder.name, place, files, compared, settings, meant, strangers))
        elif beside:
            unused.append(
                Unused(
                    printable(folder.name), f"{place}: holds {listed(beside)}, none named content or style: not used"
                )
            )
        elif inner := [path for path in listing if os.path.isdir(path) and _is_pairs_folder(path)]:
            command = shlex.join(["photostyle", "run", str(folder)])
            unused.append(Unused("", f"{place}: holds folders of pairs ({listed(inner)}): not used: {command}"))
        unused += [Unused(printable(folder.name), f"{place}{text}") for text in _settings_meant(listing)]
    return found, unused


def _is_pairs_folder(folder: Path) -> bool:
    try:
        images = images_among(folder.iterdir())
    except OSError:
        return False
    return all(images.named(role) for role in ROLES[:2])


def _settings_meant(listing: Iterable[Path]) -> Iterator[str]:
    for path in misnamed_settings(listing):
        yield f"{printable(path.name)} is no name that is read: rename it to {SETTINGS}"


def _find_in_release(root: Path, folders: Sequence[Path | None]) -> tuple[list[_Found], list[Unused]]:
    inputs, styles, masks, first, final = (_images_in(folder) for folder in folders)
    listings = dict(zip(ROLES, (inputs, styles, masks, masks), strict=True))
    starts = dict(zip(ROLES, ("in", "tar", "in", "tar"), strict=True))
    names = {name for role in ROLES[:2] for name in _numbers(listings[role], starts[role])}
    found = []
    for name in names:
        files = {role: images.named(f"{starts[role]}{name}") for role, images in listings.items()}
        meant = {role: images.unread.get(f"{starts[role]}{name}", []) for role, images in listings.items()}
        results = {
            "authors_stage_one": first.named(f"out{name}_t_1000"),
            "authors_final": final.named(f"best{name}_t_1000"),
        }
        compared = {method: paths[0] for method, paths in results.items() if paths}
        found.append(_Found(name, f"pair {name}: ", files, compared, _settings_beside(root, name), meant))
    return found, _strangers((inputs, styles, masks), found)


def _images_in(folder: Path | None) -> Images:
    """Those of a folder that may be missing."""
    return images_among(folder.iterdir() if folder is not None and folder.is_dir() else ())


def _numbers(images: Images, start: str) -> Iterator[str]:
    """The names of pairs in those of files."""
    return (match[1] for stem in images.stems() if (match := re.fullmatch(rf"{start}(\w+)", stem)))


def _find_in_separate_folders(root: Path, folders: Sequence[Path | None]) -> tuple[list[_Found], list[Unused]]:
    listings = dict(zip(ROLES, (_images_in(folder) for folder in folders), strict=True))
    found = []
    for stem in listings["content"].stems() | listings["style"].stems():
        files = {role: images.named(stem) for role, images in listings.items()}
        meant = {role: images.unread.get(stem, []) for role, images in listings.items()}
        for name, of_name in _by_exact_name(files, stem):
            place = f"pair {printable(name)}: "
            found.append(_Found(name, place, of_name, {}, _settings_beside(root, name), meant))
    return found, _strangers(listings.values(), found)


def _by_exact_name(
    files: Mapping[str, Sequence[Path]], stem: str
) -> Iterator[tuple[str, Mapping[str, Sequence[Path]]]]:
    """One pair, or several where a folder holds names that differ in case only."""
    exact = [{path.stem for path in paths} for paths in files.values()]
    if max(map(len, exact)) < 2:
        yield next((path.stem for paths in files.values() for path in paths), stem), files
        return
    for name in sorted(set().union(*exact)):
        yield name, {role: [path for path in paths if path.stem == name] for role, paths in files.items()}


def _strangers(folders: Iterable[Images], found: Sequence[_Found]) -> list[Unused]:
    """Images in a dataset's folders that belong to no pair."""
    used = [path for one in found for paths in (*one.files.values(), *one.meant.values()) for path in paths]
    left = {images.beside(used)[0].parent.name: images.beside(used) for images in folders if images.beside(used)}
    return [Unused("", f"{printable(name)}/: {listed(paths)}: of no pair: not used") for name, paths in left.items()]


def _settings_beside(root: Path, name: str) -> Path | None:
    """Where a pair has no folder: `photostyle.<pair>.toml`, beside the dataset's own; none where that is too long."""
    path = root / f"{Path(SETTINGS).stem}.{name}.toml"
    return path if len(os.fsencode(path.name)) <= LONGEST else None


def _faults(found: _Found, root: Path) -> Iterator[str]:
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


def _left_aside(found: _Found) -> Iterator[str]:
    """What is said of images beside those that are used."""
    for role, paths in found.meant.items():
        if paths and found.files[role]:
            yield f"{found.place}{listed(paths)}: not used: {printable(found.files[role][0].name)} is"
    if found.strangers and all(found.files[role] for role in ROLES[:2]):
        yield f"{found.place}{listed(found.strangers)}: not used"


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
