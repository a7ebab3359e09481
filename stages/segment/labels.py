"""Masks painted in colours to label maps."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

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
MARGIN = 3
"""A flat colour is that of the palette to which it is so many times nearer than to any other, ..."""
FURTHEST = 64
"""... if it is no further from it than this in any channel."""
APART = 32
"""Flat colours with more than this between them, in some channel, and none on the way, are two paints."""


class Reading(NamedTuple):
    """A painted mask, read."""

    labels: npt.NDArray[np.uint8]
    """(H, W), indices into the palette."""
    off: float
    """Share of the pixels that are not exactly a colour of the palette."""
    mean_offset: float
    """Of those, from the nearest colour, in levels of the channel that is furthest off."""
    largest_offset: int
    fringe: float = 0.0
    """Share of the pixels that are no paint: edges and artefacts."""
    taken: tuple[str, ...] = ()
    """Flat colours off the palette by more than `FRINGE`, and what they were taken for, in words."""


class _Distances(NamedTuple):
    """Of some colours from those of a palette."""

    squared: npt.NDArray[np.int32]
    """(colours, palette)"""
    nearest: npt.NDArray[np.intp]
    """Index into the palette."""
    levels: npt.NDArray[np.int32]
    """From the nearest, in the channel that is furthest off."""
    clear: npt.NDArray[np.bool_]
    """Whether the nearest is nearest by a wide margin."""


def read_labels(mask: npt.NDArray[np.uint8], palette: Mapping[str, Colour] = PALETTE) -> Reading:
    """The nearest of the palette's colours that the mask was really painted in.

    Nearest, not equal: in the authors' own masks one pixel in twelve is off the palette. Really painted, because the
    edge between a black and a white region would otherwise be a grey region of its own: a colour counts if at least
    half of the pixels nearest to it are within FRINGE of it, or flat and clearly nearest to it.

    Args:
        mask: (H, W, 3) uint8.
        palette: colours by name.

    Raises:
        ValueError: the mask is not (H, W, 3) uint8; it is no painted mask; or it is painted in a colour that could be
            more than one of the palette's, or in two that could only be the same one.
    """
    if mask.ndim != 3 or mask.shape[2] != 3 or mask.dtype != np.uint8:
        raise ValueError(f"a mask is (H, W, 3) uint8, this one is {mask.shape} {mask.dtype}")
    packed = _packed(mask)
    codes, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours, names = _unpacked(codes), list(palette)
    squared, nearest, distance, clear = _distances(colours, palette)
    shares = counts / packed.size
    paint = np.isin(codes, _paint(packed))
    known = (distance <= FRINGE) | (paint & clear)
    for at in np.flatnonzero(paint & ~known):
        raise ValueError(
            f"{shares[at]:.1%} of it is painted in {_words(colours[at])}, {distance[at]} levels from the "
            f"palette's nearest, {names[nearest[at]]}: repaint it in one of {', '.join(names)}, or add that colour to "
            "the palette"
        )
    for name, alike in ((name, colours[paint & (nearest == k)]) for k, name in enumerate(names)):
        if len(groups := _groups(alike)) > 1:
            one, other = (group[0] for group in groups[:2])
            raise ValueError(
                f"it is painted in {_words(one)} and in {_words(other)}, which both could be {name}: "
                f"repaint one of them in another of {', '.join(names)}, or add that colour to the palette"
            )
    fringe = shares[~known].sum()
    if fringe > WIDEST_FRINGE:
        raise ValueError(
            f"not painted in the palette's colours: {fringe:.0%} of its pixels are near none of {', '.join(names)}"
        )
    pixels = np.bincount(nearest, counts, len(names))
    exact_pixels = np.bincount(nearest, counts * known, len(names))
    painted = np.flatnonzero((pixels > 0) & (exact_pixels >= pixels / 2))
    label = painted[squared[:, painted].argmin(axis=1)]
    labels: npt.NDArray[np.uint8] = label.astype(np.uint8)[inverse].reshape(mask.shape[:2])
    off = shares[distance > 0].sum()
    far = paint & (distance > FRINGE)
    taken = tuple(
        f"{shares[far & (nearest == k)].sum():.1%} of it is taken for {names[k]}, "
        f"by up to {distance[far & (nearest == k)].max()} of 255 levels"
        for k in np.unique(nearest[far])
    )
    mean = float(shares @ distance / off) if off else 0.0
    return Reading(labels, float(off), mean, int(distance.max()), float(fringe), taken)


def is_painted(mask: npt.NDArray[np.uint8], palette: Mapping[str, Colour]) -> bool:
    """Whether all that an (H, W, 3) mask was painted in can be told to be one of the palette's colours."""
    _, _, distance, clear = _distances(_unpacked(_paint(_packed(mask))), palette)
    return bool(((distance <= FRINGE) | clear).all())


def _distances(colours: npt.NDArray[np.int32], palette: Mapping[str, Colour]) -> _Distances:
    """colours: (n, 3)."""
    offset = np.abs(colours[:, None] - np.array(list(palette.values()), dtype=np.int32))  # (n, palette, 3)
    squared = (offset**2).sum(axis=2)
    levels = offset.max(axis=2).min(axis=1)
    ordered = np.sort(squared, axis=1)
    clear = levels <= FURTHEST
    if len(palette) > 1:
        clear &= ordered[:, 0] * MARGIN**2 <= ordered[:, 1]
    return _Distances(squared, squared.argmin(axis=1), levels, clear)


def _groups(colours: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
    """Colours, (n, 3), in groups with more than `APART` between one and the next."""
    near = np.abs(colours[:, None] - colours[None]).max(axis=2, initial=0) <= APART
    count, group = scipy.sparse.csgraph.connected_components(near)
    return [colours[group == k] for k in range(count)]


def _words(colour: npt.NDArray[np.int32]) -> str:
    return " ".join(map(str, colour))


def paints(mask: npt.NDArray[np.uint8]) -> set[Colour]:
    """The colours that an (H, W, 3) mask was painted in, of whatever palette: those of flat areas."""
    return {(int(r), int(g), int(b)) for r, g, b in _unpacked(_paint(_packed(mask)))}


def _paint(packed: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Colours on more than `SMALLEST_PAINT` where all of 3x3 pixels are of one colour: the steps of an edge are not."""
    flat = scipy.ndimage.maximum_filter(packed, 3) == scipy.ndimage.minimum_filter(packed, 3)
    codes, counts = np.unique(packed[flat], return_counts=True)
    paint: npt.NDArray[np.int32] = codes[counts >= SMALLEST_PAINT * packed.size]
    return paint


def _packed(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Colours as single numbers, which sort 20 times faster than rows."""
    packed: npt.NDArray[np.int32] = mask.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    return packed


def _unpacked(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
