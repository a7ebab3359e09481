"""A photo in the colours of another, region by region: where stage one starts, and what stage two is anchored to."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from stages.arrays import AnyLabels, AnyPhoto, Array
from stages.colour.colour_map import ColourMap, find_colour_map, unexplained
from stages.colour.edges import Edges, find_edges
from stages.colour.light import Gradient, find_gradient, gain, lit, share_of
from stages.colour.tone import CELLS, Tone, toned_colour
from stages.colour.transport import bounded, mean, span

BLENDING, LONG_EDGE = 15.0, 700
"""Strength of the filter that blends regions, for an image of this long edge: it reaches 55 pixels where nothing stands
in its way. Maps change within a thing, but slowly, so that borders show no halo."""
GRAIN = 0.025
"""Strength of the filter that tells a thing's colours from its grain."""
STEEPEST_GRAIN = 1.2
"""Grain is stretched by no more than this: noise and JPEG blocks would show."""
ENOUGH = 2**16
"""Pixels of a region, evenly spread, that its colours are told from."""
SURELY_OWN = 0.5
"""Where one map leaves this share, or more, of how the target's regions differ unexplained, each has its own alone."""
UNSURE = 0.5
"""The least share of that one map where regions were only found: some take dark things for the sky behind them."""
UNCHANGED = ColourMap(np.eye(3), np.zeros(3), Tone(np.zeros(CELLS), np.zeros(3), np.zeros((CELLS, 3))))
CORNERS = np.concatenate([np.eye(3), np.zeros((1, 3))])
"""What becomes of red, green, blue and black tells an affine map."""


class Matched(NamedTuple):
    """A photo whose regions have the colours of others, and what else is known of them."""

    image: NDArray[np.float32]
    """(H, W, 3) in [0, 1]."""
    weights: NDArray[np.float32]
    """(K, H, W), each region's share in a pixel, summing to one."""
    spans: NDArray[np.float64]
    """(K, 3, 3), the projection onto the directions in which each region's target varies."""
    edges: Edges
    """The photo's."""


class Region(NamedTuple):
    """A region of a photo."""

    colours: Array
    """(n, 3), of all its pixels, or of some that are evenly spread over it."""
    rows: NDArray[np.intp]
    """(n,), of the photo, that they are in."""
    size: int
    """All its pixels."""
    shape: tuple[int, ...]
    """(H, W) of the photo."""


class Look(NamedTuple):
    """What a region's colours become, row by row, as what computes it for a pixel wants it."""

    before: Array
    """(H, 3, 4), affine: the region's own light is taken off, and its colours are mapped."""
    lightening: Array
    grey: Array
    tint: Array
    """The tone of that map."""
    after: Array
    """(H, 3, 4), affine: the target's light is put on."""
    grain: Array
    """(3, 4), linear, for what is too small to be a thing."""


def match_colours(
    photo: AnyPhoto,
    labels: AnyLabels,
    target: AnyPhoto,
    target_labels: AnyLabels,
    count: int,
    *,
    sure: bool = True,
) -> Matched:
    """Give each region of a photo the colours of the target's region of the same number.

    How the light changes from top to bottom is matched by itself (`stages.colour.light`), what is left by a map of
    colours (`stages.colour.colour_map`), less steep for grain than for what is larger. Every pixel is sent through the
    maps of all regions, and takes a mixture by weights that are smooth but for the photo's edges. What a map makes of
    another region's colours may be far out: it is clipped before it is mixed. A region that either side lacks keeps its
    colours.

    The regions of two photos differ for other reasons than their looks: they show other things. So where one map of all
    colours explains how regions differ in the target (`unexplained`), they go by that one, without light of their own.

    photo, target: (H, W, 3) and (h, w, 3) in [0, 1]. labels, target_labels: (H, W) and (h, w), 0 to count - 1. sure:
    whether the regions are; otherwise at least UNSURE of what one map makes of all is taken.
    """
    with threadpool_limits(1, "blas"):  # for products with 3x3 matrices, threads that wait for each other cost more
        edges, scale = find_edges(photo), (max(labels.shape) / LONG_EDGE) ** 2
        photo = photo.astype(np.float32)
        weights = edges.shares(labels, count, BLENDING * scale)
        base = edges.smooth(photo.transpose(2, 0, 1), GRAIN * scale)
        sides = ((k, _region(photo, labels, k), _region(target, target_labels, k)) for k in range(count))
        regions = {k: (own, wanted) for k, own, wanted in sides if own.size and wanted.size}
        common, share = _find_common(list(regions.values()), sure) if len(regions) > 1 else (UNCHANGED, 0.0)
        looks = [_look(UNCHANGED, len(photo))] * count + [_look(common, len(photo))]
        spans, within, shares = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3, 4)), np.zeros(count)
        for k, (own, wanted) in regions.items():
            middle, spans[k], shares[k] = mean(wanted.colours), span(wanted.colours), share
            within[k] = _affine(middle + (CORNERS - middle) @ spans[k])  # no hue that this region of the target lacks
            looks[k] = _find_look(own, wanted, spans[k])
        image = _mixed(photo, base, weights, Look(*map(np.stack, zip(*looks, strict=True))), within, shares)
        return Matched(image, weights, spans, edges)


def _region(photo: AnyPhoto, labels: AnyLabels, number: int) -> Region:
    pixels = np.flatnonzero(labels == number)
    some = _evenly(pixels, min(len(pixels), ENOUGH))
    return Region(photo.reshape(-1, 3)[some].astype(np.float64), some // labels.shape[1], len(pixels), labels.shape)


def _evenly(values: NDArray[Any], count: int) -> NDArray[Any]:
    """So many of n values, one of each of as many parts; by chance, for a fixed stride would miss stripes, if there are
    more than that."""
    within = np.random.default_rng(0).random(count) if count < len(values) else 0.5
    return values[((np.arange(count) + within) * len(values) / count).astype(np.intp)]


def _find_common(regions: list[tuple[Region, Region]], sure: bool) -> tuple[ColourMap, float]:
    """One map of all regions, and how much of it each of them takes.

    As many of a region's colours are taken as of the target's: how large a thing is, is not its look.
    """
    sizes = np.sqrt([own.size * wanted.size for own, wanted in regions])
    counts = (sizes * min(1.0, ENOUGH / sizes.max())).round().astype(int)
    colours = [(own.colours, wanted.colours) for own, wanted in regions]
    everything, of_target = (
        np.concatenate([_evenly(c, n) for c, n in zip(side, counts, strict=True)])
        for side in zip(*colours, strict=True)
    )
    common = find_colour_map(everything, of_target, span(of_target))
    share = 1 - min(1.0, unexplained(common, colours, sizes) / SURELY_OWN) ** 3
    return common, share if sure else max(share, UNSURE)


def _find_look(own: Region, wanted: Region, within: Array) -> Look:
    """The map of one region: of the colours without what height explains, the target's light on top."""
    light, target_light = find_gradient(own.colours, own.rows), find_gradient(wanted.colours, wanted.rows)
    sides = ((light, own), (target_light, wanted))
    height, target_height = ((gradient.bottom - gradient.top) / max(region.shape) for gradient, region in sides)
    area, target_area = (region.size / np.prod(region.shape) for region in (own, wanted))
    share = share_of(target_light, (height, target_height), (area, target_area))

    def even(colours: Array, gradient: Gradient, rows: NDArray[np.intp], directions: Array) -> Array:
        gains = gain(gradient, share, gradient.heights(np.arange(rows[-1] + 1)))
        return lit(colours, 1 / gains[rows], directions)

    colour_map = find_colour_map(
        even(own.colours, light, own.rows, np.eye(3)), even(wanted.colours, target_light, wanted.rows, within), within
    )
    heights = light.heights(np.arange(own.shape[0]))
    before = lit(CORNERS, 1 / gain(light, share, heights)[:, None], np.eye(3))
    return _look(colour_map, own.shape[0], before, lit(CORNERS, gain(target_light, share, heights)[:, None], within))


def _look(colour_map: ColourMap, height: int, before: Array = CORNERS, after: Array = CORNERS) -> Look:
    """The map in an image of this height; what becomes of the corners before and after it, (4, 3) or (H, 4, 3)."""
    A, b, tone = colour_map
    of_rows = (np.broadcast_to(_affine(corners), (height, 3, 4)) for corners in (before @ A.T + b, after))
    return Look(next(of_rows), *tone, next(of_rows), _affine(CORNERS @ bounded(A, STEEPEST_GRAIN)))


def _affine(corners: Array) -> Array:
    """(..., 3, 4), the matrix and the offset that take the corners to these, (..., 4, 3)."""
    black = corners[..., 3:, :]
    return np.concatenate([corners[..., :3, :] - black, black], axis=-2).swapaxes(-1, -2)


@njit(cache=True, parallel=True, nogil=True)
def _mixed(photo, base, weights, looks, within, shares):  # type: ignore[no-untyped-def]
    """(H, W, 3): each row of the photo by all looks, the last of which is the common one.

    base: (3, H, W). within: (K, 3, 4), affine: what a region makes of the common look; shares: (K,), how much of it.
    """
    mixed = np.zeros(photo.shape, np.float32)
    for y in prange(len(photo)):
        row = np.int64(y)  # prange counts unsigned
        _mix_row(mixed[row], photo[row], base[:, row], weights[:, row], looks, within, shares, row)
    return mixed


@njit(cache=True, nogil=True)
def _mix_row(mixed, photo, base, weights, looks, within, shares, y):  # type: ignore[no-untyped-def]
    """One row, y, of each."""
    count, width = weights.shape
    shared = _seen(photo, base, looks, count, y) if shares.max() > 0 else np.zeros(photo.shape)
    for k in range(count):
        own, weight, share, region = _seen(photo, base, looks, k, y), weights[k], shares[k], within[k]
        for x in range(width):
            held = _changed(region, (shared[x, 0], shared[x, 1], shared[x, 2]))
            for c in range(3):
                mixed[x, c] += weight[x] * (share * min(max(held[c], 0.0), 1.0) + (1 - share) * own[x, c])


@njit(cache=True, nogil=True)
def _seen(photo, base, looks, k, y):  # type: ignore[no-untyped-def]
    """(W, 3) in [0, 1]: a row's things by a look, and their grain by the same map, but less steep."""
    before, after, finer = looks.before[k, y], looks.after[k, y], looks.grain[k]
    lightening, grey, tint = looks.lightening[k], looks.grey[k], looks.tint[k]
    seen = np.empty(photo.shape)
    for x in range(len(photo)):
        thing = (base[0, x], base[1, x], base[2, x])
        whole = _changed(after, toned_colour(_changed(before, thing), lightening, grey, tint))
        grain = _changed(finer, (photo[x, 0] - thing[0], photo[x, 1] - thing[1], photo[x, 2] - thing[2]))
        for c in range(3):
            seen[x, c] = min(max(whole[c] + grain[c], 0.0), 1.0)
    return seen


@njit(cache=True, nogil=True)
def _changed(affine, colour):  # type: ignore[no-untyped-def]
    """A colour by an affine map, (3, 4)."""
    red, green, blue = colour
    return (
        affine[0, 0] * red + affine[0, 1] * green + affine[0, 2] * blue + affine[0, 3],
        affine[1, 0] * red + affine[1, 1] * green + affine[1, 2] * blue + affine[1, 3],
        affine[2, 0] * red + affine[2, 1] * green + affine[2, 2] * blue + affine[2, 3],
    )
