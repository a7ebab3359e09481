"""A photo in the colours of another, region by region: where stage one starts, and what stage two is anchored to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.arrays import AnyLabels, AnyPhoto, Array
from stages.colour.edges import smooth_within_edges
from stages.colour.light import Chosen, find_gradient, gain, lit, share_of
from stages.colour.transport import bounded, monge_kantorovich, span

BLENDING, LONG_EDGE = 15.0, 700
"""Strength of the filter that blends regions, for an image of this long edge: it reaches 55 pixels where nothing stands
in its way. Maps change within a thing, but slowly, so that borders show no halo."""
GRAIN = 0.025
"""Strength of the filter that tells a thing's colours from its grain."""
STEEPEST_GRAIN = 1.2
"""Grain is stretched by no more than this: noise and JPEG blocks would show."""


class Matched(NamedTuple):
    """A photo whose regions have the colours of others, and what else is known of them."""

    image: NDArray[np.float32]
    """(H, W, 3) in [0, 1]."""
    weights: NDArray[np.float64]
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
    """Give each region of a photo the mean and covariance of the target's region of the same number.

    Each region's map is affine (Monge-Kantorovich), and less steep for grain than for what is larger; how the light
    changes from top to bottom is matched by itself (`stages.colour.light`). Every pixel is sent through all of them,
    and takes a mixture by weights that are smooth but for the photo's edges. What a map makes of another region's
    colours may be far out: it is clipped before it is mixed. A region that either side lacks keeps its colours.

    photo, target: (H, W, 3) and (h, w, 3) in [0, 1]. labels, target_labels: (H, W) and (h, w), 0 to count - 1.
    """
    scale = (max(labels.shape) / LONG_EDGE) ** 2
    one_hot = (labels == np.arange(count)[:, None, None]).astype(np.float64)
    weights = smooth_within_edges(one_hot, photo, BLENDING * scale) if count > 1 else one_hot
    base = smooth_within_edges(photo.transpose(2, 0, 1), photo, GRAIN * scale).transpose(1, 2, 0)
    grain = photo - base
    image, spans = np.zeros(photo.shape), np.tile(np.eye(3), (count, 1, 1))
    for k, weight in enumerate(weights):
        inside, wanted = labels == k, target_labels == k
        mapped = photo
        if inside.any() and wanted.any():
            spans[k] = span(np.asarray(target[wanted], np.float64))
            mapped = _matched(base, grain, photo, inside, target, wanted, spans[k])
        image += weight[..., None] * mapped.clip(0, 1)
    return Matched(image.astype(np.float32), weights, spans)


def _matched(
    base: Array, grain: Array, photo: AnyPhoto, inside: Chosen, target: AnyPhoto, wanted: Chosen, within: Array
) -> Array:
    """All of a photo by the map of one region: its moments without what height explains, then the target's light."""
    own, light = find_gradient(photo, inside), find_gradient(target, wanted)
    sides = ((own, inside), (light, wanted))
    height, target_height = ((gradient.bottom - gradient.top) / max(mask.shape) for gradient, mask in sides)
    share = share_of(light, (height, target_height), (float(inside.mean()), float(wanted.mean())))
    heights, target_heights = own.heights(np.arange(len(photo))), light.heights(np.arange(len(target)))
    own_gains, target_gains = gain(own, share, heights)[:, None], gain(light, share, target_heights)[:, None]
    A, b = monge_kantorovich(
        lit(np.asarray(photo, np.float64), 1 / own_gains, np.eye(3))[inside],
        lit(np.asarray(target, np.float64), 1 / target_gains, within)[wanted],
    )
    even = lit(base, 1 / own_gains, np.eye(3)) @ A.T + b
    return lit(even, gain(light, share, heights)[:, None], within) + grain @ bounded(A, STEEPEST_GRAIN).T
