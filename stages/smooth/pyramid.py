"""Image pyramids of sums: halved by adding, doubled by bilinear interpolation."""

import numpy as np
from numpy.typing import NDArray


def halved(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """(H, W, ...) to (ceil(H / 2), ceil(W / 2), ...): each cell the sum of those of its four pixels that there are."""
    height, width = sums.shape[:2]
    padded = np.pad(sums, [(0, height % 2), (0, width % 2), *[(0, 0)] * (sums.ndim - 2)])
    half: NDArray[np.floating] = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    return half


def doubled(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """(H, W, ...) to (2 H, 2 W, ...): pixel centres at a quarter and three quarters of each cell; constant outside."""
    for axis in (0, 1):
        last = values.shape[axis]
        before = values.take([0, *range(last - 1)], axis)
        after = values.take([*range(1, last), last - 1], axis)
        pair = np.stack([(3 * values + before) / 4, (3 * values + after) / 4], axis=axis + 1)
        values = pair.reshape(*values.shape[:axis], 2 * last, *values.shape[axis + 1 :])
    return values


def window_sums(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """(H, W, C): sums over 3x3 windows, cut off at the border."""
    for axis in (0, 1):
        sums = values.copy()
        inner, outer = [slice(None)] * 3, [slice(None)] * 3
        inner[axis], outer[axis] = slice(1, None), slice(None, -1)
        sums[tuple(inner)] += values[tuple(outer)]
        sums[tuple(outer)] += values[tuple(inner)]
        values = sums
    return values
