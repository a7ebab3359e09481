"""What of a change of the content can be told by affine maps of its colours, large window by large window.

A change r of a photo c (stage one's, from the anchor) has two parts. One is what a photographer could have done: a
thing made darker, warmer, of more contrast, a little more here than there. In a window it is A c + b. The other is
texture that stage one has painted onto what is even in the photo. The Matting Laplacian's windows of 3x3 pixels can't
tell the second from the first, for in so small a place any slow pattern is a constant. Large ones can. In each,

    A = (<r c^T> - <r> <c>^T + epsilon A') (<c c^T> - <c> <c>^T + epsilon I)^-1,    b = q - A <c>,
    q = <A' c + b'> + s / (s + epsilon) <r - A' c - b'>,    s = tr(<c c^T> - <c> <c>^T),

the least squares of |r - A c - b|^2 + epsilon |A - A'|^2. A', b' are the map of the window twice as large, whose prior
is that of the next, up to the whole image, whose prior is nothing: where the content is even, a window says little, and
goes with those around it. The part at a pixel is by the mean of the maps around it, which is the guided filter (He, Sun
and Tang 2013), here in windows of 3x3 cells on the levels of a pyramid, interpolated between the cells.
"""

from math import ceil, log2

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.smooth.checks import check_image
from stages.smooth.pyramid import doubled, halved, window_sums

EPSILON = 1e-3
"""Variance of colours in a window below which they say little of A: their spread is then three percent of white."""


def affine_part(change: NDArray[np.floating], content: ArrayLike, cells: int) -> NDArray[np.float64]:
    """The part of a change that affine maps of the content explain.

    change: (H, W, C), finite. content: (H, W, 3) floats in [0, 1], H and W at least 3. cells: along the long edge, at
    most; 1 for one map of the whole image.
    Returns (H, W, C). A change that is the same everywhere comes back as it is.
    Raises TypeError and ValueError (see `check_image`), and ValueError for a change of another size.
    """
    c = check_image(content, "content", lowest=0.0, highest=1.0).astype(np.float64)
    if change.shape[:2] != c.shape[:2]:
        raise ValueError(f"change: {change.shape[:2]}, the content's is {c.shape[:2]}; bring both to one size")
    shapes, sums = [], _moments(c, change.astype(np.float64))
    for _ in range(max(0, ceil(log2(max(c.shape) / cells)))):
        shapes.append(sums.shape[:2])
        sums = halved(sums)
    maps = _maps(sums)
    maps = window_sums(maps) / window_sums(np.ones((*maps.shape[:2], 1, 1)))
    for height, width in reversed(shapes):
        maps = doubled(maps)[:height, :width]
    part: NDArray[np.float64] = np.einsum("hwij,hwj->hwi", maps[..., :3], c) + maps[..., 3]
    return part


def _moments(c: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
    """(H, W, 4 + C, 4): the products of (c, 1, r) with (c, 1)."""
    with_one = np.concatenate([c, np.ones((*c.shape[:2], 1))], axis=2)
    products: NDArray[np.float64] = np.concatenate([with_one, r], axis=2)[..., :, None] * with_one[..., None, :]
    return products


def _maps(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """(h, w, C, 4): A and, in the last column, b at every cell of one level, its prior from the levels above."""
    sums = window_sums(moments)
    means = sums / sums[..., 3:4, 3:4]
    c, r = means[..., :3, 3], means[..., 4:, 3]
    covariance = means[..., :3, :3] - c[..., :, None] * c[..., None, :]
    cross = means[..., 4:, :3] - r[..., :, None] * c[..., None, :]
    prior = np.zeros_like(cross)
    if max(moments.shape[:2]) > 1:
        above = doubled(_maps(halved(moments)))[: len(moments), : moments.shape[1]]
        prior, expected = above[..., :3], (above[..., :3] @ c[..., None])[..., 0] + above[..., 3]
        spread = np.trace(covariance, axis1=-2, axis2=-1)[..., None]
        r = expected + spread / (spread + EPSILON) * (r - expected)
    A = np.linalg.solve(covariance + EPSILON * np.eye(3), (cross + EPSILON * prior).swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.concatenate([A, (r - (A @ c[..., None])[..., 0])[..., None]], axis=-1)
