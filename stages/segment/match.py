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
    """(h, w), values 0 .. count - 1, each present; `count` marks pixels of no use, of classes the content lacks."""
    count: int
    notes: tuple[str, ...]
    """What was merged or left out, for people."""


def one_region(content_shape: tuple[int, int], style_shape: tuple[int, int]) -> Regions:
    """A pair without masks: all of the content takes its look from all of the style."""
    return Regions(np.zeros(content_shape, np.uint8), np.zeros(style_shape, np.uint8), 1, ())


def match_regions(content: Labels, style: Labels, names: tuple[str, ...]) -> Regions:
    """Keep the classes that both images have.

    What the style lacks is merged, pixel by pixel, into the nearest kept region of the content; what the content lacks
    is left out of the style, whose statistics it would falsify.

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
        if of_content >= SMALLEST_SHARE:
            notes.append(
                f"{names[k]}: {of_content:.1%} of the content merged into its neighbours, {of_style:.2%} of the style"
            )
        elif of_style >= SMALLEST_SHARE:
            notes.append(f"{names[k]}: {of_style:.1%} of the style left out, {of_content:.2%} of the content")
    numbers = np.full(len(names), len(kept), np.uint8)
    numbers[kept] = np.arange(len(kept))
    return Regions(numbers[_nearest_kept(content, kept)], numbers[style], len(kept), tuple(notes))


def _nearest_kept(labels: Labels, kept: list[int]) -> Labels:
    other = ~np.isin(labels, kept)
    if not other.any():
        return labels
    rows, columns = ndimage.distance_transform_edt(other, return_distances=False, return_indices=True)
    nearest: Labels = labels[rows, columns]
    return nearest
