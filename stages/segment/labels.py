"""Masks painted in colours to label maps."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Colour = tuple[int, int, int]

PALETTE: dict[str, Colour] = {
    "blue": (0, 0, 255),
    "green": (0, 255, 0),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "yellow": (255, 255, 0),
    "grey": (128, 128, 128),
    "light blue": (0, 255, 255),
    "purple": (255, 0, 255),
}
"""The nine colours of the authors' masks (Luan et al. 2017)."""

FRINGE = 16
"""A pixel further than this from its palette colour, in some channel, is an edge or a JPEG artefact, not paint."""
WIDEST_FRINGE = 0.2
"""Of the mask: edges and artefacts are on less than this (on 3 % of the authors' masks, at most)."""
SMALLEST_PAINT = 1e-3
"""A flat colour on more of the mask than this is no edge: somebody painted in it."""


class Reading(NamedTuple):
    """A painted mask, read."""

    labels: npt.NDArray[np.uint8]
    """(H, W), indices into the palette."""
    off: float
    """Share of the pixels that are not exactly a colour of the palette."""
    mean_offset: float
    """Of those, from the nearest colour, in levels of the channel that is furthest off."""
    largest_offset: int


def read_labels(mask: npt.NDArray[np.uint8], palette: Mapping[str, Colour] = PALETTE) -> Reading:
    """The nearest of the palette's colours that the mask was really painted in.

    Nearest, not equal: in the authors' own masks one pixel in twelve is off the palette. Really painted, because the
    edge between a black and a white region would otherwise be a grey region of its own: a colour counts if at least
    half of the pixels nearest to it are within FRINGE of it.

    Args:
        mask: (H, W, 3) uint8.
        palette: colours by name.

    Raises:
        ValueError: the mask is not (H, W, 3) uint8; it is no painted mask; or it is painted in a colour that the
            palette lacks, which is never taken for another.
    """
    if mask.ndim != 3 or mask.shape[2] != 3 or mask.dtype != np.uint8:
        raise ValueError(f"a mask is (H, W, 3) uint8, this one is {mask.shape} {mask.dtype}")
    packed = _packed(mask)
    codes, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = _unpacked(codes)
    names, paints = list(palette), np.array(list(palette.values()), dtype=np.int32)
    offset = np.abs(colours[:, None] - paints)  # (colours, palette, 3)
    nearest = (offset**2).sum(axis=2).argmin(axis=1)
    distance = offset.max(axis=2).min(axis=1)
    shares = counts / packed.size
    paint = np.isin(codes, _paint(packed))
    for at in np.flatnonzero((distance > FRINGE) & paint):
        raise ValueError(
            f"{shares[at]:.1%} of it is painted in {' '.join(map(str, colours[at]))}, {distance[at]} levels from the "
            f"palette's nearest, {names[nearest[at]]}: repaint it in one of {', '.join(names)}, or add that colour"
        )
    fringe = shares[distance > FRINGE].sum()
    if fringe > WIDEST_FRINGE:
        raise ValueError(
            f"not painted in the palette's colours: {fringe:.0%} of its pixels are near none of {', '.join(names)}"
        )
    pixels = np.bincount(nearest, counts, len(paints))
    exact_pixels = np.bincount(nearest, counts * (distance <= FRINGE), len(paints))
    painted = np.flatnonzero((pixels > 0) & (exact_pixels >= pixels / 2))
    label = painted[(offset[:, painted] ** 2).sum(axis=2).argmin(axis=1)]
    labels: npt.NDArray[np.uint8] = label.astype(np.uint8)[inverse].reshape(mask.shape[:2])
    off = shares[distance > 0].sum()
    return Reading(labels, float(off), float(shares @ distance / off) if off else 0.0, int(distance.max()))


def paints(mask: npt.NDArray[np.uint8]) -> set[Colour]:
    """The colours that an (H, W, 3) mask was painted in, of whatever palette: those of flat areas."""
    return {(int(r), int(g), int(b)) for r, g, b in _unpacked(_paint(_packed(mask)))}


def _paint(packed: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Colours on more than `SMALLEST_PAINT` where all of 3x3 pixels are of one colour: the steps of an edge are not."""
    flat = ndimage.maximum_filter(packed, 3) == ndimage.minimum_filter(packed, 3)
    codes, counts = np.unique(packed[flat], return_counts=True)
    paint: npt.NDArray[np.int32] = codes[counts >= SMALLEST_PAINT * packed.size]
    return paint


def _packed(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Colours as single numbers, which sort 20 times faster than rows."""
    packed: npt.NDArray[np.int32] = mask.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    return packed


def _unpacked(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
