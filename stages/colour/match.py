"""A photo in the colours of another, region by region: where stage one starts, and what stage two is anchored to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.arrays import AnyLabels, AnyPhoto, Array
from stages.colour.colour_map import ColourMap, find_colour_map, unexplained
from stages.colour.edges import find_edges
from stages.colour.light import Chosen, find_gradient, gain, lit, share_of
from stages.colour.transport import bounded, span

BLENDING, LONG_EDGE = 15.0, 700
"""Strength of the filter that blends regions, for an image of this long edge: it reaches 55 pixels where nothing stands
in its way. Maps change within a thing, but slowly, so that borders show no halo."""
GRAIN = 0.025
"""Strength of the filter that tells a thing's colours from its grain."""
STEEPEST_GRAIN = 1.2
"""Grain is stretched by no more than this: noise and JPEG blocks would show."""
SURELY_OWN = 0.5
"""Where one map leaves this share, or more, of how the target's regions differ unexplained, each has its own alone."""


class Matched(NamedTuple):
    """A photo whose regions have the colours of others, and what else is known of them."""

    image: NDArray[np.float32]
    """(H, W, 3) in [0, 1]."""
    weights: NDArray[np.float32]
    """(K, H, W), each region's share in a pixel, summing to one."""
    spans: NDArray[np.float64]
    """(K, 3, 3), the projection onto the directions in which each region's target varies."""


def match_colours(
    photo: AnyPhoto,
    labels: AnyLabels,
    target: AnyPhoto,
    target_labels: AnyLabels,
    count: int,
) -> Matched:
    """Give each region of a photo the colours of the target's region of the same number.

    How the light changes from top to bottom is matched by itself (`stages.colour.light`), what is left by a map of
    colours (`stages.colour.colour_map`), less steep for grain than for what is larger. Every pixel is sent through the
    maps of all regions, and takes a mixture by weights that are smooth but for the photo's edges. What a map makes of
    another region's colours may be far out: it is clipped before it is mixed. A region that either side lacks keeps its
    colours.

    The regions of two photos differ for other reasons than their looks: they show other things. So where one map of all
    colours explains how regions differ in the target (`unexplained`), they go by that one, without light of their own.

    photo, target: (H, W, 3) and (h, w, 3) in [0, 1]. labels, target_labels: (H, W) and (h, w), 0 to count - 1.
    """
    edges, scale = find_edges(photo), (max(labels.shape) / LONG_EDGE) ** 2
    weights = edges.shares(labels, count, BLENDING * scale)
    base = edges.smooth(photo.transpose(2, 0, 1), GRAIN * scale).transpose(1, 2, 0).astype(np.float64)
    source, wished = photo.astype(np.float64), target.astype(np.float64)
    grain = source - base
    masks = ((k, labels == k, target_labels == k) for k in range(count))
    regions = {k: (inside, wanted) for k, inside, wanted in masks if inside.any() and wanted.any()}
    shared, share = source, 0.0
    if len(regions) > 1:
        common, share = _find_common(source, wished, list(regions.values()))
        if share:
            shared = _with_grain(common.of(base), grain, common)
    image, spans = np.zeros(photo.shape), np.tile(np.eye(3), (count, 1, 1))
    for k, weight in enumerate(weights):
        mapped = source
        if k in regions:
            inside, wanted = regions[k]
            mean, spans[k] = wished[wanted].mean(axis=0), span(wished[wanted])
            things, own = _match_region(source, base, inside, wished, wanted, spans[k])
            mapped = _with_grain(things, grain, own)
            if share:
                within = mean + (shared - mean) @ spans[k]  # no hue that this region of the target lacks
                mapped = share * within.clip(0, 1) + (1 - share) * mapped
        image += weight[..., None] * mapped
    return Matched(image.astype(np.float32), weights, spans)


def _find_common(photo: Array, target: Array, regions: list[tuple[Chosen, Chosen]]) -> tuple[ColourMap, float]:
    """One map of all regions, and how much of it each of them takes."""
    colours = [(photo[inside], target[wanted]) for inside, wanted in regions]
    everything, of_target = (np.concatenate(side) for side in zip(*map(_evenly, colours), strict=True))
    common = find_colour_map(everything, of_target, span(of_target))
    return common, 1 - min(1.0, unexplained(common, colours) / SURELY_OWN) ** 3


def _evenly(colours: tuple[Array, Array]) -> tuple[Array, Array]:
    """As many of a region's colours (n, 3) as of the target's (m, 3): how large a thing is, is not its look."""
    count = round((len(colours[0]) * len(colours[1])) ** 0.5)
    of_photo, of_target = (c[np.linspace(0, len(c) - 1, count).round().astype(np.intp)] for c in colours)
    return of_photo, of_target


def _match_region(
    photo: Array, base: Array, inside: Chosen, target: Array, wanted: Chosen, within: Array
) -> tuple[Array, ColourMap]:
    """All of a photo's base by the map of one region, and that map: of the colours without what height explains, the
    target's light on top."""
    own, light = find_gradient(photo, inside), find_gradient(target, wanted)
    sides = ((own, inside), (light, wanted))
    height, target_height = ((gradient.bottom - gradient.top) / max(mask.shape) for gradient, mask in sides)
    share = share_of(light, (height, target_height), (float(inside.mean()), float(wanted.mean())))
    heights, target_heights = own.heights(np.arange(len(photo))), light.heights(np.arange(len(target)))
    own_gains, target_gains = gain(own, share, heights), gain(light, share, target_heights)
    rows, target_rows = inside.nonzero()[0], wanted.nonzero()[0]
    colours = lit(photo[inside], 1 / own_gains[rows], np.eye(3))
    colour_map = find_colour_map(colours, lit(target[wanted], 1 / target_gains[target_rows], within), within)
    even = colour_map.of(lit(base, 1 / own_gains[:, None], np.eye(3)))
    return lit(even, gain(light, share, heights)[:, None], within), colour_map


def _with_grain(things: Array, grain: Array, colour_map: ColourMap) -> Array:
    """What became of the things in a photo, and their grain by the same map, but less steep; in [0, 1]."""
    whole: Array = (things + grain @ bounded(colour_map.A, STEEPEST_GRAIN).T).clip(0, 1)
    return whole
