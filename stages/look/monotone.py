"""More light never makes darker: the table's luma rises along every line of equal steps in red, green and blue.

Where a look itself inverts or folds tones (a negative, a solarisation), there is nothing to repair.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from stages.colour.edges import LUMA
from stages.look.table import Table

BINS = 32
"""Of the tone curve."""
FOLDED = 0.01
"""Root mean square by which a look's tone curve may fall short of a rising one: 2.5 levels of 255."""


def tones_rise(content: NDArray[np.floating], result: NDArray[np.floating], count: NDArray[np.floating]) -> bool:
    """Whether a look's brighter colours become the brighter ones.

    content, result: (n, 3) in [0, 1]. count: (n,), how often each occurs.
    """
    before, after = content @ np.array(LUMA), result @ np.array(LUMA)
    bins = np.minimum((before * BINS).astype(int), BINS - 1)
    weight = np.bincount(bins, count, BINS)
    filled = weight > 0
    curve = np.bincount(bins, count * after, BINS)[filled] / weight[filled]
    rising = isotonic_regression(curve, weights=weight[filled]).x
    return bool(np.average((curve - rising) ** 2, weights=weight[filled]) <= FOLDED**2)


def made_to_rise(table: Table) -> Table:
    """The table with the least change of luma, in the square, that makes it rise along every such line."""
    luma = table.astype(np.float64) @ np.array(LUMA)
    size = len(table)
    repaired = luma.copy()
    for start in _starts(size):
        steps = np.arange(size - max(start))
        line = tuple(first + steps for first in start)
        if (np.diff(luma[line]) < 0).any():
            repaired[line] = isotonic_regression(luma[line]).x
    risen: Table = (table + (repaired - luma)[..., None]).clip(0, 1).astype(np.float32)
    return risen


def _starts(size: int) -> list[tuple[int, ...]]:
    """Where the lines begin: at the faces of the cube that hold black."""
    return [start for start in np.ndindex(size, size, size) if min(start) == 0]
