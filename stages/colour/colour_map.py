"""The map that takes the colours of one region to those of another: affine, then two curves of luma."""

from typing import NamedTuple

import numpy as np

from stages.arrays import Array
from stages.colour.tone import Tone, find_tone, toned
from stages.colour.transport import mean, monge_kantorovich, wasserstein


class ColourMap(NamedTuple):
    """x -> tone(A x + b)."""

    A: Array
    """(3, 3), symmetric positive semidefinite."""
    b: Array
    """(3,)."""
    tone: Tone

    def of(self, colours: Array) -> Array:
        """What becomes of colours (..., 3); not clipped."""
        return toned(colours @ self.A.T + self.b, self.tone)


def find_colour_map(colours: Array, target: Array, within: Array) -> ColourMap:
    """The map of colours (n, 3) to a target's, (m, 3), n, m >= 1.

    within: (3, 3), the projection onto the directions in which the target varies (see `span`).
    """
    A, b = monge_kantorovich(colours, target)
    return ColourMap(A, b, find_tone(colours @ A.T + b, target, within))


def unexplained(colour_map: ColourMap, regions: list[tuple[Array, Array]], sizes: Array) -> float:
    """How far one map leaves regions from their targets, as a share of how far apart the targets are.

    The squared 2-Wasserstein distance between Gaussians of a region's moments and its target's, over the variance of
    the targets' means; each region weighted by its size.

    regions: colours (n, 3) and the target's (m, 3) of each. sizes: (K,), positive.
    """
    weights = sizes / sizes.sum()
    left = [wasserstein(colour_map.of(colours).clip(0, 1), target) for colours, target in regions]
    means = np.array([mean(target) for _, target in regions])
    return float(weights @ left / max(weights @ np.square(means - weights @ means).sum(axis=1), 1e-9))
