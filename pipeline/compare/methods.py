"""The methods that are compared: stage one, two-stage, one-stage, and any `compare_*` image beside the photos."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.dataset.inputs import Inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.photos import shrink
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.store.manifest import read_manifest
from stages.arrays import Labels, Photo
from stages.segment.labels import PALETTE

CSV, TABLE, SHEET, SWEEP = "metrics.csv", "metrics.md", "contact_sheet.png", "sweep.csv"

METHODS: dict[str, tuple[str, str]] = {
    "stage one": ("stylize", "image.tiff"),
    "two-stage": ("smooth", "image.png"),
    "one-stage": ("onestage", "image.png"),
}
"""What the stages' results are called here, and which file is judged: what was written at 8 bits, and of stage one
the image that the others start from."""


class CompareError(ValueError):
    """There is nothing to compare."""


class Gap(NamedTuple):
    """An image that could not be compared."""

    pair: str
    what: str
    why: str


class Candidate(NamedTuple):
    """One image to be judged against the others of its pair."""

    method: str
    image: Photo
    seconds: float | None = None
    process_peak_mib: int | None = None
    evaluations: int | None = None


def find_candidates(pair: Pair, folder: Path, inputs: Inputs, size: int) -> Iterator[Candidate | Gap]:
    """The images that there are of a pair: the stages' in `folder`, others' beside the photos; a gap for each other."""
    for method, (stage, file) in METHODS.items():
        path = folder / stage / file
        if not path.exists():
            yield Gap(pair.name, method, f"not there: run `photostyle {stage}`")
            continue
        manifest = read_manifest(folder / stage)
        facts = manifest.facts if manifest is not None else {}
        try:
            image = _fitting(read_photo(path), inputs, path, "give the --size it was made with")
            spent = facts.get("seconds"), facts.get("process_peak_mib"), facts.get("evaluations")
            yield Candidate(method, image, *spent)
        except ImageError as error:
            yield Gap(pair.name, method, str(error))
    for name, path in sorted(pair.comparisons.items()):
        try:
            image = _fitting(shrink(read_photo(path), size), inputs, path, "save it at the content's size")
            yield Candidate(f"compare_{name}", image)
        except ImageError as error:
            yield Gap(pair.name, f"compare_{name}", str(error))


def _fitting(image: Photo, inputs: Inputs, path: Path, remedy: str) -> Photo:
    if image.shape != inputs.content.shape:
        (height, width), (h, w) = image.shape[:2], inputs.content.shape[:2]
        raise ImageError(f"{path}: is {width}x{height} here, the content {w}x{h}: {remedy}")
    return image


def painted(labels: Labels) -> Photo:
    """A label map in the palette's colours, over again where there are more labels than colours."""
    palette = np.array(list(PALETTE.values()), dtype=np.float32) / np.float32(255)
    colours: Photo = palette[labels % len(palette)]
    return colours


def sum_up(gaps: Iterable[Gap]) -> list[str]:
    """One line for each reason, with the pairs that it holds for."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        pairs.setdefault((gap.what, gap.why), []).append(gap.pair)
    return [f"{what} of {', '.join(names)}: {why}" for (what, why), names in pairs.items()]
