"""More light never makes darker: the table's luma rises along lines of equal steps in red, green and blue, and along
those of one channel's steps as far as the look as a whole does.

Where there were colours, a table rises by itself. Where there were none, what it goes on with may come out brighter
than white, or darker than black. Where a look itself inverts or folds tones (a negative, a solarisation), there is
nothing to repair.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from stages.arrays import LUMA, Array
from stages.look.table import Table

Direction = tuple[int, int, int]

GREY: Direction = (1, 1, 1)
CHANNELS: tuple[Direction, ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
BINS = 32
"""Of the tone curve."""
FOLDED = 0.01
"""Root mean square by which a look's tone curve may fall short of a rising one: 2.5 levels of 255."""
ROUNDS, FALL = 20, 1e-3
"""The lines of one direction undo a little of what those of another did: until no step falls by more than this."""


def rising_steps(content: Array, result: Array, count: Array, A: Array) -> list[Direction]:
    """The directions in which a look's luma rises.

    content, result: (n, 3) in [0, 1]. count: (n,), how often each occurs. A: (3, 3), the look's affine map.
    """
    before, after = content @ np.array(LUMA), result @ np.array(LUMA)
    bins = np.minimum((before * BINS).astype(int), BINS - 1)
    weight = np.bincount(bins, count, BINS)
    filled = weight > 0
    curve = np.bincount(bins, count * after, BINS)[filled] / weight[filled]
    rising = scipy.optimize.isotonic_regression(curve, weights=weight[filled]).x
    if np.average((curve - rising) ** 2, weights=weight[filled]) > FOLDED**2:
        return []
    return [GREY, *(step for step, slope in zip(CHANNELS, np.array(LUMA) @ A, strict=True) if slope > 0)]


def made_to_rise(table: Table, steps: Sequence[Direction], firmness: Array) -> Table:
    """The table with a small change of luma, and of nothing else, that makes it rise along all lines of these steps.

    firmness: (N, N, N), positive: how much each point is to stay as it is.
    """
    luma = table.astype(np.float64) @ np.array(LUMA)
    risen = luma.copy()
    for _ in range(ROUNDS):
        for step in steps:
            for line in _falling_lines(risen, step):
                risen[line] = scipy.optimize.isotonic_regression(risen[line], weights=firmness[line]).x
        if not any(True for step in steps for _ in _falling_lines(risen, step, FALL)):
            break
    repaired: Table = (table + (risen - luma)[..., None]).clip(0, 1).astype(np.float32)
    return repaired


def _falling_lines(luma: Array, step: Direction, fall: float = 0.0) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """The indices of lines along a step on which luma falls somewhere by more than `fall`."""
    size = len(luma)
    along = tuple(slice(1, None) if one else slice(None) for one in step)
    back = tuple(slice(None, -1) if one else slice(None) for one in step)
    points = np.argwhere(luma[along] - luma[back] < -fall)
    direction = np.array(step)
    starts = points - direction * points[:, direction > 0].min(axis=1)[:, None]
    for start in np.unique(starts, axis=0):
        length = size - start[direction > 0].max()
        yield tuple((start + direction * np.arange(length)[:, None]).T)
