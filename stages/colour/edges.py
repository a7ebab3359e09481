"""Where a photo has edges, and a filter that stops at them: weighted least squares (Farbman et al. 2008).

Neighbours p, q are tied by w_pq = 1 / (|l_p - l_q|^1.2 + 0.005), l = log(luma + 0.05). The smooth u of an image f
minimises sum_p (u_p - f_p)^2 + strength * sum_pq w_pq (u_p - u_q)^2.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from stages.arrays import LUMA, AnyLabels, AnyPhoto, Array

EXPONENT, FLOOR, BLACK = 1.2, 0.005, 0.05
PASSES = 4
WIDE = 32
"""Columns that are solved side by side."""


class Edges(NamedTuple):
    """How firmly each pixel is tied to its right and to its lower neighbour: 0.3 at the strongest edge, 200 at none."""

    right: Array
    """(H, W - 1)."""
    down: Array
    """(H - 1, W)."""

    def smooth(self, planes: NDArray[np.floating], strength: float) -> NDArray[np.floating]:
        """Planes smoothed, but not across the edges: the fast global smoother (Min et al. 2014).

        The quadratic form is minimised along rows, then along columns, in turn, by tridiagonal systems; the strength
        falls by four from one pass to the next, so that the last one wipes out the streaks of those before. Constants
        stay as they are, and no value leaves the range of its plane.

        planes: (C, H, W). strength: of the ties, 0 leaves all as it is.
        Returns (C, H, W) of the planes' precision; the systems are solved in float64.
        """
        smoothed = np.array(planes, order="C")
        for done in range(PASSES):
            share = strength * 3 * 4.0 ** (PASSES - done - 1) / (4.0**PASSES - 1)
            _smooth_columns(smoothed.transpose(0, 2, 1), self.right.T, share)
            _smooth_columns(smoothed, self.down, share)
        return smoothed

    def smooth_within(
        self, planes: NDArray[np.floating], weights: NDArray[np.floating], strength: float
    ) -> NDArray[np.floating]:
        """Planes smoothed as if there were nothing but one region, and carried on beyond it.

        planes: (C, H, W). weights: (H, W), how much each pixel counts, 0 outside the region. strength: as above.
        Returns (C, H, W) of the planes' precision.
        """
        return self.smooth_weighted(np.concatenate([planes * weights, weights[None]], dtype=planes.dtype), strength)

    def smooth_weighted(self, weighted: NDArray[np.floating], strength: float) -> NDArray[np.floating]:
        """The same of (C + 1, H, W), the planes times the weights and then the weights; returns (C, H, W)."""
        sums = self.smooth(weighted, strength)
        smooth: NDArray[np.floating] = sums[:-1] / np.maximum(sums[-1], 1e-3)
        return smooth

    def shares(self, labels: AnyLabels, count: int, strength: float) -> NDArray[np.float32]:
        """Each region's share in each pixel, smooth but for the edges.

        labels: (H, W), 0 to count - 1. strength: as above.
        Returns (K, H, W) shares that sum to one.
        """
        inside = (labels == np.arange(1, count)[:, None, None]).astype(np.float32)
        others = self.smooth(inside, strength) if count > 1 else inside
        return np.concatenate([1 - others.sum(axis=0, keepdims=True), others])


def find_edges(photo: AnyPhoto) -> Edges:
    """Of a photo, (H, W, 3) in [0, 1]."""
    log_luma = np.log(photo.astype(np.float64) @ np.array(LUMA) + BLACK)
    return Edges(*(1 / (np.abs(np.diff(log_luma, axis=axis)) ** EXPONENT + FLOOR) for axis in (1, 0)))


@njit(cache=True, parallel=True, nogil=True)
def _smooth_columns(planes, ties, strength):  # type: ignore[no-untyped-def]
    """Solve (I + strength G) u = f down each column in place, G its path's Laplacian (Thomas's algorithm).

    planes: (C, H, W). ties: (H - 1, W).
    """
    for block in prange((planes.shape[2] + WIDE - 1) // WIDE):
        _solve(planes[:, :, block * WIDE : (block + 1) * WIDE], ties[:, block * WIDE : (block + 1) * WIDE], strength)


@njit(cache=True, nogil=True)
def _solve(planes, ties, strength):  # type: ignore[no-untyped-def]
    """A few columns side by side.

    The pivot of a pixel is `free` plus what ties it to the one below; `free` is found without a subtraction, exact
    however strong the ties are. The last row's tie, below it and around, is 0.
    """
    channels, height, wide = planes.shape
    tied, inverse, u = np.zeros((height, WIDE)), np.empty((height, WIDE)), np.zeros((height, WIDE))
    free = np.ones(WIDE)
    for y in range(height):
        tie, pivot = tied[y], inverse[y]
        if y < height - 1:
            row = ties[y]
            for x in range(wide):
                tie[x] = strength * row[x]
        for x in range(WIDE):
            pivot[x] = 1 / (free[x] + tie[x])
            free[x] = 1 + tie[x] * free[x] * pivot[x]
    for c in range(channels):
        for y in range(height):
            row, now, above = planes[c, y], u[y], u[y - 1]
            tie, pivot = tied[y - 1], inverse[y]
            for x in range(wide):
                now[x] = row[x]
            for x in range(WIDE):
                now[x] = (now[x] + tie[x] * above[x]) * pivot[x]
        for y in range(height - 1, -1, -1):
            row, now, below = planes[c, y], u[y], u[(y + 1) % height]
            tie, pivot = tied[y], inverse[y]
            for x in range(WIDE):
                now[x] += tie[x] * pivot[x] * below[x]
            for x in range(wide):
                row[x] = now[x]
