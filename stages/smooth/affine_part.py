"""What of a change of the content can be told by affine maps of its colours, large window by large window.

A change r of a photo c (stage one's, from the anchor) has two parts. One is what a photographer could have done: make a
thing darker, warmer, of more contrast, a little more here than there. In a window it is A c + b. The other is texture
that stage one has painted onto what is even in the photo. Windows of 3x3 pixels, which are the Matting Laplacian's, can't
tell the second from the first: in so small a place any slow pattern is a constant. Large ones can. In each,

    A, b = argmin  mean |r - A c - b|^2 + epsilon |A|^2 = (<r c^T> - <r><c>^T) (<c c^T> - <c><c>^T + epsilon I)^-1, ...

and the part at a pixel is by the mean of the maps around it: the guided filter (He, Sun and Tang 2013), here in windows
of 3x3 cells of a pyramid's level, about an eighth of the image, with the maps interpolated between the cells.
"""

from math import log2

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.smooth.checks import check_image
from stages.smooth.pyramid import doubled, halved, window_sums

CELLS = 22
"""Along the long edge, more or less."""
EPSILON = 1e-3
"""Variance of colours in a window below which they say little of A: their spread is then three percent of white."""


def affine_part(change: NDArray[np.floating], content: ArrayLike) -> NDArray[np.float64]:
    """The part of a change that affine maps of the content explain.

    change: H x W x 3, finite. content: of the same shape, floats in [0, 1], H and W at least 3.
    Returns H x W x 3. A change that is the same everywhere comes back as it is.
    Raises TypeError and ValueError (see `check_image`), and ValueError for a change of another shape.
    """
    c = check_image(content, "content", lowest=0.0, highest=1.0).astype(np.float64)
    if change.shape != c.shape:
        raise ValueError(f"change: shape {change.shape}, the content's is {c.shape}; bring both to one size")
    levels = max(0, round(log2(max(c.shape) / CELLS)))
    shapes, sums = [], _moments(c, change.astype(np.float64))
    for _ in range(levels):
        shapes.append(sums.shape[:2])
        sums = halved(sums)
    maps = _maps(sums)
    maps = window_sums(maps) / window_sums(np.ones((*maps.shape[:2], 1, 1)))
    for height, width in reversed(shapes):
        maps = doubled(maps)[:height, :width]
    part: NDArray[np.float64] = np.einsum("hwij,hwj->hwi", maps[..., :3], c) + maps[..., 3]
    return part


def _moments(c: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
    """(H, W, 7, 4): the products of (c, 1, r) with (c, 1)."""
    with_one = np.concatenate([c, np.ones((*c.shape[:2], 1))], axis=2)
    return np.concatenate([with_one, r], axis=2)[..., :, None] * with_one[..., None, :]


def _maps(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """(h, w, 3, 4): A and, in the last column, b at every cell of one level, its prior from the levels above."""
    sums = window_sums(moments)
    means = sums / sums[..., 3:4, 3:4]
    c, r = means[..., :3, 3], means[..., 4:, 3]
    covariance = means[..., :3, :3] - c[..., :, None] * c[..., None, :]
    cross = means[..., 4:, :3] - r[..., :, None] * c[..., None, :]
    prior = np.zeros((1, 1, 3, 3))
    if max(moments.shape[:2]) > 1:
        above = doubled(_maps(halved(moments)))[: len(moments), : moments.shape[1]]
        prior, expected = above[..., :3], (above[..., :3] @ c[..., None])[..., 0] + above[..., 3]
        spread = np.trace(covariance, axis1=-2, axis2=-1)[..., None]
        r = expected + spread / (spread + EPSILON) * (r - expected)
    A = np.linalg.solve(covariance + EPSILON * np.eye(3), (cross + EPSILON * prior).swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.concatenate([A, (r - (A @ c[..., None])[..., 0])[..., None]], axis=-1)
