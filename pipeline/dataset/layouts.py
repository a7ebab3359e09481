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
    Images,
    folded,
    images_among,
    listed,
    looks_like,
    misnamed_settings,
    of_any_suffix,
    printable,
)
from pipeline.dataset.links import dangles
from pipeline.dataset.pairs import Unused
from pipeline.events.errors import in_words
from pipeline.settings.config import FILE as SETTINGS

ByRole = Mapping[str, Sequence[Path]]


class Found(NamedTuple):
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


def find(root: Path, listing: Sequence[Path]) -> tuple[list[Found], list[Unused]]:
    """The pairs of a folder with this listing, in whichever layout it is, and what belongs to none.

    Raises:
        OSError: a folder can't be read.
    """
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


def _find_in_pair_folders(folders: Iterable[Path]) -> tuple[list[Found], list[Unused]]:
    found, unused = list[Found](), list[Unused]()
    for folder in folders:
        if folder.name.startswith("."):
            continue
        place, settings = f"{printable(folder.name)}/", folder / SETTINGS
        try:
            listing = sorted(folder.iterdir())
        except OSError as error:
            nothing = {role: () for role in ROLES}
            found.append(Found(folder.name, place, nothing, {}, settings, {}, unreadable=in_words(error, folder)))
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
            found.append(Found(folder.name, place, files, compared, settings, meant, strangers))
        elif beside:
            unused.append(
                Unused(
                    printable(folder.name), f"{place}: holds {listed(beside)}, none named content or style: not used"
                )
            )
        elif inner := [path for path in listing if os.path.isdir(path) and is_pairs_folder(path)]:
            command = shlex.join(["photostyle", "run", str(folder)])
            unused.append(Unused("", f"{place}: holds folders of pairs ({listed(inner)}): not used: {command}"))
        unused += [Unused(printable(folder.name), f"{place}{text}") for text in _settings_meant(listing)]
    return found, unused


def is_pairs_folder(folder: Path) -> bool:
    """Whether a folder is one pair's, in our own layout."""
    try:
        images = images_among(folder.iterdir())
    except OSError:
        return False
    return all(images.named(role) for role in ROLES[:2])


def _settings_meant(listing: Iterable[Path]) -> Iterator[str]:
    for path in misnamed_settings(listing):
        yield f"{printable(path.name)} is no name that is read: rename it to {SETTINGS}"


def _find_in_release(root: Path, folders: Sequence[Path | None]) -> tuple[list[Found], list[Unused]]:
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
        found.append(Found(name, f"pair {name}: ", files, compared, _settings_beside(root, name), meant))
    return found, _strangers((inputs, styles, masks), found)


def _images_in(folder: Path | None) -> Images:
    """Those of a folder that may be missing."""
    return images_among(folder.iterdir() if folder is not None and folder.is_dir() else ())


def _numbers(images: Images, start: str) -> Iterator[str]:
    """The names of pairs in those of files."""
    return (match[1] for stem in images.stems() if (match := re.fullmatch(rf"{start}(\w+)", stem)))


def _find_in_separate_folders(root: Path, folders: Sequence[Path | None]) -> tuple[list[Found], list[Unused]]:
    listings = dict(zip(ROLES, (_images_in(folder) for folder in folders), strict=True))
    found = []
    for stem in listings["content"].stems() | listings["style"].stems():
        files = {role: images.named(stem) for role, images in listings.items()}
        meant = {role: images.unread.get(stem, []) for role, images in listings.items()}
        for name, of_name in _by_exact_name(files, stem):
            place = f"pair {printable(name)}: "
            found.append(Found(name, place, of_name, {}, _settings_beside(root, name), meant))
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


def _strangers(folders: Iterable[Images], found: Sequence[Found]) -> list[Unused]:
    """Images in a dataset's folders that belong to no pair."""
    used = [path for one in found for paths in (*one.files.values(), *one.meant.values()) for path in paths]
    left = {images.beside(used)[0].parent.name: images.beside(used) for images in folders if images.beside(used)}
    return [Unused("", f"{printable(name)}/: {listed(paths)}: of no pair: not used") for name, paths in left.items()]


def _settings_beside(root: Path, name: str) -> Path | None:
    """Where a pair has no folder: `photostyle.<pair>.toml`, beside the dataset's own; none where that is too long."""
    path = root / f"{Path(SETTINGS).stem}.{name}.toml"
    return path if len(os.fsencode(path.name)) <= LONGEST else None
