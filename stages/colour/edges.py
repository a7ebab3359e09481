"""Where a photo has edges, and a filter that stops at them: weighted least squares (Farbman et al. 2008).

Neighbours p, q are tied by w_pq = 1 / (|l_p - l_q|^1.2 + 0.005), l = log(luma + 0.05). The smooth u of an image f
minimises sum_p (u_p - f_p)^2 + strength * sum_pq w_pq (u_p - u_q)^2.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from stages.arrays import LUMA

EXPONENT, FLOOR, BLACK = 1.2, 0.005, 0.05
PASSES = 4


def affinities(photo: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How firmly each pixel is tied to its right and to its lower neighbour.

    photo: (H, W, 3) in [0, 1].
    Returns (H, W - 1) and (H - 1, W) float64, from 0.3 at the strongest edge to 200 where there is none.
    """
    log_luma = np.log(photo.astype(np.float64) @ np.array(LUMA) + BLACK)
    right, down = (1 / (np.abs(np.diff(log_luma, axis=axis)) ** EXPONENT + FLOOR) for axis in (1, 0))
    return right, down


def smooth_within_edges(
    planes: NDArray[np.floating], photo: NDArray[np.floating], strength: float
) -> NDArray[np.float64]:
    """Planes smoothed, but not across the photo's edges: the fast global smoother (Min et al. 2014).

    The quadratic form is minimised along rows, then along columns, in turn, by tridiagonal systems; the strength falls
    by four from one pass to the next, so that the last one wipes out the streaks of those before. Constants stay as
    they are, and no value leaves the range of its plane.

    planes: (C, H, W). photo: (H, W, 3) in [0, 1]. strength: of the ties, 0 leaves all as it is.
    Returns (C, H, W) float64.
    """
    right, down = affinities(photo)
    across, along = right, np.ascontiguousarray(down.T)
    smoothed = np.array(planes, np.float64, order="C")
    for done in range(PASSES):
        share = strength * 3 * 4.0 ** (PASSES - done - 1) / (4.0**PASSES - 1)
        _smooth_rows(smoothed, across, share)
        turned = np.ascontiguousarray(smoothed.transpose(0, 2, 1))
        _smooth_rows(turned, along, share)
        smoothed = np.ascontiguousarray(turned.transpose(0, 2, 1))
    return smoothed


def smooth_within_region(
    planes: NDArray[np.floating], weights: NDArray[np.floating], photo: NDArray[np.floating], strength: float
) -> NDArray[np.float64]:
    """Planes smoothed within edges as if there were nothing but one region, and carried on beyond it.

    planes: (C, H, W). weights: (H, W), how much each pixel counts, 0 outside the region. photo, strength: as above.
    Returns (C, H, W) float64.
    """
    sums = smooth_within_edges(np.concatenate([planes * weights, weights[None]]), photo, strength)
    smooth: NDArray[np.float64] = sums[:-1] / np.maximum(sums[-1], 1e-3)
    return smooth


def smooth_shares(
    labels: NDArray[np.integer], count: int, photo: NDArray[np.floating], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each region is, and its share in each pixel, which is smooth but for the photo's edges.

    labels: (H, W), 0 to count - 1. photo, strength: as above.
    Returns (K, H, W) zeros and ones, and (K, H, W) shares that sum to one.
    """
    inside = (labels == np.arange(count)[:, None, None]).astype(np.float64)
    return inside, smooth_within_edges(inside, photo, strength) if count > 1 else inside


@njit(cache=True, parallel=True, nogil=True)
def _smooth_rows(planes, ties, strength):  # type: ignore[no-untyped-def]
    """Solve (I + strength G) u = f along each row in place, G its path's Laplacian (Thomas's algorithm)."""
    channels, height, width = planes.shape
    for y in prange(height):
        upper = np.zeros(width)
        for x in range(width):
            left = strength * ties[y, x - 1] if x else 0.0
            right = strength * ties[y, x] if x < width - 1 else 0.0
            pivot = 1 + left + right - (left * upper[x - 1] if x else 0.0)
            upper[x] = right / pivot
            for c in range(channels):
                planes[c, y, x] = (planes[c, y, x] + (left * planes[c, y, x - 1] if x else 0.0)) / pivot
        for x in range(width - 2, -1, -1):
            for c in range(channels):
                planes[c, y, x] += upper[x] * planes[c, y, x + 1]
