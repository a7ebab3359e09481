"""Datasets: folders of pairs in three layouts, none of which has to be renamed.

1. our own: `<dataset>/<pair>/{content,style}.*`, optional `{content,style}_mask.*` and `compare_<name>.*`;
2. the paper's release: `input/in{N}.png`, `style/tar{N}.png`, `segmentation/{in,tar}{N}.png`, and the authors'
   results in `tmp_results/out{N}_t_1000.png` and `final_results/best{N}_t_1000.png`;
3. FastPhotoStyle's (`content_img style_img content_seg style_seg`) and WCT2's
   (`content style content_segment style_segment`): folders whose files have equal names.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.images.decoding import SUFFIXES
from pipeline.images.masks import MaskRules


class DatasetError(ValueError):
    """A folder that is no dataset at all."""


class Fault(NamedTuple):
    """Something wrong with one pair, and what to do."""

    pair: str
    text: str


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
    """Where its own settings are, if it has any."""
    mask_rules: MaskRules = MaskRules()
    """How its masks are read."""

    def files(self) -> list[Path]:
        """The photos, and the masks where there are any."""
        return [path for path in (self.content, self.style, self.content_mask, self.style_mask) if path is not None]


class Dataset(NamedTuple):
    """The complete pairs of a folder in natural order, and the faults of the others."""

    name: str
    root: Path
    pairs: tuple[Pair, ...]
    faults: tuple[Fault, ...]


class _Found(NamedTuple):
    """The candidates for each file of one pair: exactly one of each is wanted."""

    name: str
    place: str
    content: list[Path]
    style: list[Path]
    content_mask: list[Path]
    style_mask: list[Path]
    comparisons: dict[str, Path]
    settings: Path
    unreadable: str = ""
    """Why nothing more is known."""


SETTINGS = "photostyle.toml"
OURS = frozenset({"manifest.json", "metrics.csv", "metrics.md", "sweep.csv", "sweep.png"})
"""Files that lie beside the pairs' folders of results."""
SEPARATE_FOLDERS = (
    ("content_img", "style_img", "content_seg", "style_seg"),
    ("content", "style", "content_segment", "style_segment"),
)
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
    root = root.resolve()
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder")
    pairs, faults = [], []
    for found in sorted(_find(root), key=lambda found: _natural(found.name)):
        texts = list(_faults(found, root))
        faults += [Fault(_printable(found.name), text) for text in texts]
        if not texts:
            content_mask, style_mask = (files[0] if files else None for files in (found.content_mask, found.style_mask))
            pairs.append(
                Pair(
                    found.name,
                    found.content[0],
                    found.style[0],
                    content_mask,
                    style_mask,
                    found.comparisons,
                    found.settings,
                )
            )
    if not pairs and not faults:
        raise DatasetError(f"{root} holds no pair of photos; {LAYOUTS}")
    return Dataset(root.name, root, tuple(pairs), tuple(faults))


def _find(root: Path) -> Iterator[_Found]:
    if (root / "input").is_dir() and (root / "style").is_dir():
        return _find_in_release(root)
    for folders in SEPARATE_FOLDERS:
        if all((root / folder).is_dir() for folder in folders[:2]):
            return _find_in_separate_folders(root, *folders)
    return _find_in_pair_folders(root)


def _find_in_pair_folders(root: Path) -> Iterator[_Found]:
    for folder in root.iterdir():
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        place, settings = f"{_printable(folder.name)}/", folder / SETTINGS
        try:
            files = _by_stem(folder)
        except OSError as error:
            yield _Found(folder.name, place, [], [], [], [], {}, settings, str(error.strerror))
            continue
        content, style, content_mask, style_mask = (
            files[role] for role in ("content", "style", "content_mask", "style_mask")
        )
        comparisons = {
            stem.removeprefix("compare_"): paths[-1] for stem, paths in files.items() if stem.startswith("compare_")
        }
        if content or style:
            yield _Found(folder.name, place, content, style, content_mask, style_mask, comparisons, settings)


def _find_in_release(root: Path) -> Iterator[_Found]:
    folders = ("input", "style", "segmentation", "tmp_results", "final_results")
    inputs, styles, masks, first, final = (_by_stem(root / folder) for folder in folders)
    names = {match[1] for stem in inputs if (match := re.fullmatch(r"in(\w+)", stem))}
    names |= {match[1] for stem in styles if (match := re.fullmatch(r"tar(\w+)", stem))}
    for name in names:
        results = {
            "authors_stage_one": first[f"out{name}_t_1000"],
            "authors_final": final[f"best{name}_t_1000"],
        }
        yield _Found(
            name,
            f"pair {name}: ",
            inputs[f"in{name}"],
            styles[f"tar{name}"],
            masks[f"in{name}"],
            masks[f"tar{name}"],
            {method: files[0] for method, files in results.items() if files},
            _settings_beside(root, name),
        )


def _find_in_separate_folders(root: Path, *folders: str) -> Iterator[_Found]:
    listed = [_by_stem(root / folder) for folder in folders]
    for name in set(listed[0]) | set(listed[1]):
        content, style, content_mask, style_mask = (files[name] for files in listed)
        place = f"pair {_printable(name)}: "
        yield _Found(name, place, content, style, content_mask, style_mask, {}, _settings_beside(root, name))


def _settings_beside(root: Path, name: str) -> Path:
    """Where a pair has no folder: `photostyle.<pair>.toml`, beside the dataset's own."""
    return root / f"{Path(SETTINGS).stem}.{name}.toml"


def _faults(found: _Found, root: Path) -> Iterator[str]:
    roles = {"content": found.content, "style": found.style}
    roles |= {"content_mask": found.content_mask, "style_mask": found.style_mask}
    if not names_a_folder(found.name):
        yield f"{found.name!r} can't name a folder of results: rename it"
    for name in found.comparisons:
        if not name.isprintable():
            yield f"{found.place}{f'compare_{name}'!r} can't be printed: rename it"
    if found.unreadable:
        yield f"{found.place}: {found.unreadable}"
        return
    for role in ("content", "style"):
        if not roles[role]:
            yield f"{found.place}no {role} photo: add one ({', '.join(sorted(SUFFIXES - {'.pgm'}))})"
    for role, files in roles.items():
        if len(files) > 1:
            yield f"{found.place}{' and '.join(sorted(path.name for path in files))} both could be the {role}: keep one"
    if bool(found.content_mask) != bool(found.style_mask):
        has, lacks = ("content", "style") if found.content_mask else ("style", "content")
        yield f"{found.place}has a {has}_mask but no {lacks}_mask: add the one or remove the other"
    for path in [*(path for files in roles.values() for path in files), *found.comparisons.values(), found.settings]:
        if leads_out(path, root):
            yield f"{path}: a link that leads out of the dataset's folder: copy the file there"


def names_a_folder(name: str) -> bool:
    """Whether a pair's results can lie in a folder of this name, beside the dataset's own files."""
    return name.isprintable() and name not in ("", ".", "..") and name.lower() not in OURS


def leads_out(path: Path, root: Path) -> bool:
    """Whether a name in a dataset, through links, is that of something outside of it, or of nothing at all."""
    try:
        return not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links in a circle
        return True


def _by_stem(folder: Path) -> defaultdict[str, list[Path]]:
    """A folder's images by their names without suffix; of a folder that is missing, none."""
    files: defaultdict[str, list[Path]] = defaultdict(list)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            files[path.stem].append(path)
    return files


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)
