"""The regions of a content photo and of a style photo, matched: a class that one of them lacks is dealt with here."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Labels = npt.NDArray[np.integer[Any]]

SMALLEST_SHARE = 1e-3
"""A class on less of its image than this has no statistics to speak of."""


@dataclass(frozen=True)
class Regions:
    """Label maps of a pair over the same classes."""

    content: npt.NDArray[np.uint8]
    """(H, W), values 0 .. count - 1."""
    style: npt.NDArray[np.uint8]
    """(h, w), values 0 .. count - 1, each present."""
    count: int
    notes: tuple[str, ...]
    """What was merged, for people."""


def one_region(content_shape: tuple[int, int], style_shape: tuple[int, int]) -> Regions:
    """A pair without masks: all of the content takes its look from all of the style."""
    return Regions(np.zeros(content_shape, np.uint8), np.zeros(style_shape, np.uint8), 1, ())


def match_regions(content: Labels, style: Labels, names: tuple[str, ...]) -> Regions:
    """Keep the classes that both images have; merge every other pixel into the nearest kept region of its own image.

    Args:
        content, style: (H, W) and (h, w) class numbers.
        names: of the classes, for the notes.

    Raises:
        ValueError: the two have no class in common.
    """
    shares = [np.bincount(labels.ravel(), minlength=len(names)) / labels.size for labels in (content, style)]
    kept = [k for k in range(len(names)) if min(shares[0][k], shares[1][k]) >= SMALLEST_SHARE]
    if not kept:
        has = [", ".join(names[k] for k in np.flatnonzero(share >= SMALLEST_SHARE)) for share in shares]
        raise ValueError(
            f"the masks have no class in common: the content's holds {has[0]}, the style's {has[1]}. "
            "Paint what belongs together in the same colour, or remove both masks"
        )
    notes = []
    for k in set(range(len(names))) - set(kept):
        of_content, of_style = shares[0][k], shares[1][k]
        image, partner, less = (
            ("content", "style", of_style) if of_content > of_style else ("style", "content", of_content)
        )
        if max(of_content, of_style) >= SMALLEST_SHARE:
            notes.append(
                f"{image} region {names[k]} ({max(of_content, of_style):.1%} of the {image}) merged into its neighbours: "
                f"{less:.2%} of the {partner} is {names[k]}"
            )
    numbers = np.zeros(len(names), np.uint8)
    numbers[kept] = np.arange(len(kept))
    merged = [numbers[_nearest_kept(labels, kept)] for labels in (content, style)]
    return Regions(merged[0], merged[1], len(kept), tuple(notes))


def _nearest_kept(labels: Labels, kept: list[int]) -> Labels:
    other = ~np.isin(labels, kept)
    if not other.any():
        return labels
    rows, columns = ndimage.distance_transform_edt(other, return_distances=False, return_indices=True)
    nearest: Labels = labels[rows, columns]
    return nearest
