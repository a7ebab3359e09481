"""The methods that are compared: stage one, two-stage, one-stage, and any `compare_*` image beside the photos."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

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
