"""A photo in the colours of another, region by region: where stage one starts, and what stage two is anchored to."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.colour.edges import smooth_within_edges
from stages.colour.transport import bounded, monge_kantorovich, span

BLENDING, LONG_EDGE = 15.0, 700
"""Strength of the filter that blends regions, for an image of this long edge: it reaches 55 pixels where nothing stands
in its way. Maps change within a thing, but slowly, so that borders show no halo."""
GRAIN = 0.025
"""Strength of the filter that tells a thing's colours from its grain."""
STEEPEST_GRAIN = 1.2
"""Grain is stretched by no more than this: noise and JPEG blocks would show."""

Labels = NDArray[np.integer[Any]]


class Matched(NamedTuple):
    """A photo whose regions have the colours of others, and what else is known of them."""

    image: NDArray[np.float32]
    """H x W x 3 in [0, 1]."""
    weights: NDArray[np.float64]
    """(K, H, W), each region's share in a pixel, summing to one."""
    spans: NDArray[np.float64]
    """(K, 3, 3), the projection onto the directions in which each region's target varies."""


def match_colours(
    photo: NDArray[np.floating],
    labels: Labels,
    target: NDArray[np.floating],
    target_labels: Labels,
    count: int,
) -> Matched:
    """Give each region of a photo the mean and covariance of the target's region of the same number.

    Each region's map is affine (Monge-Kantorovich), and less steep for grain than for what is larger. Every pixel is
    sent through all of them, and takes a mixture by weights that are smooth but for the photo's edges. What a map makes
    of another region's colours may be far out: it is clipped before it is mixed. A region that either side lacks keeps
    its colours.

    photo, target: H x W x 3 and h x w x 3 in [0, 1]. labels, target_labels: H x W and h x w, 0 to count - 1.
    """
    scale = (max(labels.shape) / LONG_EDGE) ** 2
    one_hot = (labels == np.arange(count)[:, None, None]).astype(np.float64)
    weights = smooth_within_edges(one_hot, photo, BLENDING * scale) if count > 1 else one_hot
    base = smooth_within_edges(photo.transpose(2, 0, 1), photo, GRAIN * scale).transpose(1, 2, 0)
    grain = photo - base
    image, spans = np.zeros(photo.shape), np.tile(np.eye(3), (count, 1, 1))
    for k, weight in enumerate(weights):
        source, wanted = (np.asarray(pixels, np.float64) for pixels in (photo[labels == k], target[target_labels == k]))
        A, b = np.eye(3), np.zeros(3)
        if len(source) and len(wanted):
            A, b = monge_kantorovich(source, wanted)
            spans[k] = span(wanted)
        image += weight[..., None] * (base @ A.T + b + grain @ bounded(A, STEEPEST_GRAIN).T).clip(0, 1)
    return Matched(image.astype(np.float32), weights, spans)
