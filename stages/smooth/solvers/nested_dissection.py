"""The order in which a grid's pixels are eliminated: geometric nested dissection (George 1973).

Pixels of the Matting Laplacian interact up to two apart, so a strip two pixels wide separates a rectangle into halves
that do not. Each half is eliminated before its separator, and dissected in its turn across its longer side; rectangles
of at most LEAF pixels are eliminated whole. While a rectangle is eliminated, only the ring of width two around it is
touched: hence the size of the Cholesky factor is known before anything is analysed.

LEAF was measured at 700 x 437: leaves of 16 to 64 pixels factor in the same time within 5 %. The factor has 8 % fewer
entries than in AMD's order; METIS took 2.8 s to find an order.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

LEAF = 32  # pixels
SEPARATOR = 2  # pixels
LEVELS = 64  # the deepest dissection of a grid whose sides fit in 32 bits


class Dissection(NamedTuple):
    """An elimination order of a grid's pixels, and what the factor in that order costs."""

    order: NDArray[np.int32]
    """(H W,) the pixel, by its reading-order index, eliminated first, second, ..."""
    factor_entries: int
    """float64 numbers in the supernodal Cholesky factor, at most."""
    update_entries: int
    """float64 numbers in the largest update that one supernode makes to the others, at most."""


def nested_dissection(height: int, width: int) -> Dissection:
    """Order the pixels of a height x width grid."""
    order = np.empty(height * width, np.int32)
    factor_entries, update_entries = _dissect(height, width, order)
    return Dissection(order, int(factor_entries), int(update_entries))


@njit(cache=True)
def _dissect(height, width, order):  # type: ignore[no-untyped-def]
    """Fill the order from its end: a rectangle's separator, then its halves. Returns the counts of Dissection."""
    factor_entries = update_entries = 0
    rectangles = np.empty((LEVELS, 4), np.int64)  # a stack: top, bottom, left, right
    _push(rectangles, 0, 0, height, 0, width)
    waiting, end = 1, height * width
    while waiting:
        waiting -= 1
        top, bottom, left, right = (
            rectangles[waiting, 0],
            rectangles[waiting, 1],
            rectangles[waiting, 2],
            rectangles[waiting, 3],
        )
        tall, wide = bottom - top, right - left
        reach_y = min(bottom + SEPARATOR, height) - max(top - SEPARATOR, 0)
        reach_x = min(right + SEPARATOR, width) - max(left - SEPARATOR, 0)
        ring = reach_y * reach_x - tall * wide
        if tall * wide > LEAF and wide >= tall:
            cut = (left + right - SEPARATOR) // 2
            y0, y1, x0, x1 = top, bottom, cut, cut + SEPARATOR
            _push(rectangles, waiting, top, bottom, left, cut)
            _push(rectangles, waiting + 1, top, bottom, cut + SEPARATOR, right)
            waiting += 2
        elif tall * wide > LEAF:
            cut = (top + bottom - SEPARATOR) // 2
            y0, y1, x0, x1 = cut, cut + SEPARATOR, left, right
            _push(rectangles, waiting, top, cut, left, right)
            _push(rectangles, waiting + 1, cut + SEPARATOR, bottom, left, right)
            waiting += 2
        else:
            y0, y1, x0, x1 = top, bottom, left, right
        size = (y1 - y0) * (x1 - x0)
        end -= size
        at = end
        for y in range(y0, y1):
            for x in range(x0, x1):
                order[at] = y * width + x
                at += 1
        factor_entries += size * (size + ring)
        update_entries = max(update_entries, ring * ring)
    return factor_entries, update_entries


@njit(cache=True)
def _push(rectangles, at, top, bottom, left, right):  # type: ignore[no-untyped-def]
    rectangles[at, 0], rectangles[at, 1], rectangles[at, 2], rectangles[at, 3] = top, bottom, left, right
