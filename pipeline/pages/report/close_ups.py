"""Where to look closely: the places at which stage one distorts the content most.

Two maps say it. The affine energy of each pixel, e = sum_c x_c * (L x_c) - L(x_c * x_c) / 2, sums to the paper's
photorealism term sum_c x_c^T L x_c, for the columns of L sum to zero; and the edge maps of content and result differ.
Each counts as a multiple of its own mean over the image, averaged over the window of a close-up.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.compare.edges import edge_map
from stages.arrays import Array, Photo
from stages.settings import Smooth
from stages.smooth.matting_laplacian import apply_stencil, matting_stencil

PLACES = 3
SHARE = 0.2
"""Edge of a close-up as a share of the photo's long edge."""


class Place(NamedTuple):
    """A square window, as shares of the photo's width and height."""

    x: float
    """Of its left edge."""
    y: float
    """Of its upper edge."""
    width: float
    height: float


def distortion(content: Photo, stylized: Photo) -> Array:
    """How much each pixel's surroundings were distorted, (H, W), at least 0, mean 2 where anything was.

    Args:
        content, stylized: (H, W, 3) in [0, 1].
    """
    energy = affine_energy_map(content, stylized)
    edges = np.abs(edge_map(content) - edge_map(stylized))
    side = _side(content.shape)
    return sum(
        (_relative(ndimage.uniform_filter(each, side, mode="reflect")) for each in (energy, edges)),
        np.zeros_like(edges),
    )


def find_close_ups(distorted: Array) -> list[Place]:
    """At most three windows with the largest values at their centres, worst first, none overlapping another.

    Args:
        distorted: (H, W).
    """
    height, width = distorted.shape
    side = _side(distorted.shape)
    half = side // 2
    left = np.full_like(distorted, -np.inf)
    inner = slice(half, height - (side - half) + 1), slice(half, width - (side - half) + 1)
    left[inner] = distorted[inner]
    places = []
    for _ in range(PLACES):
        row, column = map(int, np.unravel_index(np.argmax(left), left.shape))
        if left[row, column] == -np.inf:
            break
        places.append(Place((column - half) / width, (row - half) / height, side / width, side / height))
        left[max(0, row - side + 1) : row + side, max(0, column - side + 1) : column + side] = -np.inf
    return places


def affine_energy_map(content: Photo, stylized: Photo) -> Array:
    """The affine energy of each pixel, (H, W), both photos (H, W, 3); it sums to the paper's photorealism term."""
    stencil = matting_stencil(content, Smooth().epsilon)
    x = np.ascontiguousarray(np.moveaxis(stylized, 2, 0), np.float64)
    energy: Array = (x * apply_stencil(stencil, x) - apply_stencil(stencil, x * x) / 2).sum(axis=0)
    return energy


def _relative(values: Array) -> Array:
    values = np.maximum(values, 0)  # single pixels' energies may be negative, windows' only by rounding
    mean = values.mean()
    return values / mean if mean > 0 else values


def _side(shape: tuple[int, ...]) -> int:
    height, width = shape[:2]
    return max(1, min(round(SHARE * max(height, width)), height, width))
