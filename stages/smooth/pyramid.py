"""Image pyramids of sums: halved by adding, doubled by bilinear interpolation. Rows first, then columns."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]  # (H, W, ...)


def halved(sums: Values) -> Values:
    """(H, W, ...) to (ceil(H / 2), ceil(W / 2), ...): each cell the sum of those of its four pixels that there are."""
    return _both_ways(_halved_rows, sums)


def doubled(values: Values) -> Values:
    """(H, W, ...) to (2 H, 2 W, ...): pixel centres at a quarter and three quarters of each cell; constant outside."""
    return _both_ways(_doubled_rows, values)


def window_sums(values: Values) -> Values:
    """(H, W, ...): sums over 3x3 windows, cut off at the border."""
    return _both_ways(_row_sums, values)


def _both_ways(step: Callable[[Values], Values], values: Values) -> Values:
    return step(step(values).swapaxes(0, 1)).swapaxes(0, 1)


def _halved_rows(sums: Values) -> Values:
    half, odd = sums[::2].copy(), sums[1::2]
    half[: len(odd)] += odd
    return half


def _doubled_rows(values: Values) -> Values:
    before, after = np.concatenate([values[:1], values[:-1]]), np.concatenate([values[1:], values[-1:]])
    return np.stack([(3 * values + before) / 4, (3 * values + after) / 4], axis=1).reshape(-1, *values.shape[1:])


def _row_sums(values: Values) -> Values:
    sums = values.copy()
    sums[1:] += values[:-1]
    sums[:-1] += values[1:]
    return sums
