"""The Matting Laplacian of an image (Levin, Lischinski, Weiss, A Closed-Form Solution to Natural Image Matting, 2008).

Over 3x3 windows w_k with mean colour mu_k and covariance Sigma_k, with N = 9:

    L_ij = sum over k with i, j in w_k of  delta_ij - (1/N) (1 + (I_i - mu_k)^T (Sigma_k + eps/N I3)^-1 (I_j - mu_k))

An explicit inverse of the covariance loses semidefiniteness where a window is flat. Here each window's colours are
centred (D, 3x9), C C^T = Sigma + eps/N I3 is factored and Z = C^-1 D / 3, so that the window's matrix,
I9 - 1 1^T / N - Z^T Z, is semidefinite in floating point too.

Pixels interact up to two apart, so by symmetry thirteen numbers a pixel say everything: the *stencil*, an array
(H, 13, W) float64 whose [y, 5 dy + dx, x] is the entry between (y, x) and (y + dy, x + dx), for the offsets that follow
in reading order (dy = 0, dx = 0..2; dy = 1, 2, dx = -2..2). Offsets that leave the image hold zeros.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from stages.settings import Smooth
from stages.smooth.checks import check_image, check_number
from stages.smooth.solvers.sparsity import ENTRIES

EPSILONS = (1e-12, 1.0)  # below, rounding decides about a flat window's covariance; above, no covariance counts
BAND = 32  # rows that one task owns; fixed, so that sums do not depend on the number of threads
PAIRS = np.array([(a, b) for a in range(9) for b in range(a, 9)])  # of a window's pixels in reading order


def matting_laplacian(content: ArrayLike, epsilon: float = Smooth().epsilon) -> csr_array:
    """The full symmetric Matting Laplacian, pixels in reading order.

    content: (H, W, 3) floats in [0, 1], H and W at least 3. epsilon: from 1e-12 to 1, regularises the covariances as
    epsilon / 9.
    Returns csr_array (H W, H W) float64, at most 25 entries a row, sorted, int32 indices. Rows sum to zero.
    Raises TypeError and ValueError (see `check_image`).
    """
    planes = _checked_planes(content, epsilon)
    _, height, width = planes.shape
    entries = (5 * height - 6) * (5 * width - 6)  # along an axis, 5 a pixel, but for the two at either end
    indptr, indices = np.empty(height * width + 1, np.int32), np.empty(entries, np.int32)
    values = np.empty(entries)
    _write_matrix(planes, epsilon / 9, PAIRS, *_neighbours(width), indptr, indices, values)
    return csr_array((values, indices, indptr), shape=(height * width, height * width))


def affine_energy(laplacian: csr_array, image: ArrayLike) -> float:
    """How far an image is from locally affine in the content's colours: sum_c x_c^T L x_c / n (n pixels; >= 0).

    laplacian: of the content, (n, n). image: (H, W, 3) with H W = n, in [0, 1].
    """
    colours = np.asarray(image, np.float64).reshape(-1, 3)
    if len(colours) != laplacian.shape[0]:
        raise ValueError(f"the image has {len(colours)} pixels, the Laplacian's content {laplacian.shape[0]}")
    return float(np.vdot(colours, laplacian @ colours)) / len(colours)


def matting_stencil(content: ArrayLike, epsilon: float = Smooth().epsilon) -> NDArray[np.float64]:
    """The Matting Laplacian as a stencil, (H, 13, W) float64. Arguments and errors as for `matting_laplacian`."""
    planes = _checked_planes(content, epsilon)
    _, height, width = planes.shape
    stencil = np.zeros((height, ENTRIES, width))
    _accumulate_windows(planes, epsilon / 9, PAIRS, stencil)
    return stencil


def apply_stencil(
    stencil: NDArray[np.floating],
    x: NDArray[np.floating],
    shift: float = 0.0,
    out: NDArray[np.floating] | None = None,
) -> NDArray[np.floating]:
    """The product (L + shift I) x for the stencil (H, 13, W) of L and planes x (C, H, W); of x's shape and type.

    out: where to put it, not x itself.

    Rows of L sum to zero, so it is summed over differences, L_ij (x_j - x_i): the rounding is then that of the contrast
    between neighbours, not of their brightness, and the diagonal is not read.
    """
    product = np.empty_like(x) if out is None else out
    _multiply(stencil, x, x.dtype.type(shift), product)
    return product


def _checked_planes(content: ArrayLike, epsilon: float) -> NDArray[np.float64]:
    image = check_image(content, "content", lowest=0.0, highest=1.0)
    check_number(epsilon, "epsilon", *EPSILONS)
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float64)


def _neighbours(width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """From a pixel (y, x) to its 25 neighbours in reading order: steps to their indices, and to the entries' places.

    Places are in the flattened stencil, from [y, 0, x] on: entries to pixels before it stand in those pixels' rows.
    """
    dy, dx = np.repeat(np.arange(-2, 3), 5), np.tile(np.arange(-2, 3), 5)
    slot = 5 * dy + dx
    return dy * width + dx, np.where(slot >= 0, slot * width, (ENTRIES * dy - slot) * width + dx)


@njit(cache=True, parallel=True, nogil=True)
def _write_matrix(planes, ridge, pairs, steps, places, indptr, indices, values):  # type: ignore[no-untyped-def]
    """Fill the full matrix, band by band: the stencil of a band's rows, and of the two above, stays in cache."""
    _, height, width = planes.shape
    for band in prange((height + BAND - 1) // BAND):
        first, last = band * BAND, min((band + 1) * BAND, height)
        top = max(first - 2, 0)
        stencil = np.zeros((last - top, ENTRIES, width))
        _accumulate_band(planes, ridge, pairs, stencil, top, last)
        entries, at = stencil.reshape(-1), 0
        for y in range(first):
            at += (min(y + 3, height) - max(y - 2, 0)) * (5 * width - 6)
        for y in range(first, last):
            for x in range(width):
                pixel, place = y * width + x, (y - top) * ENTRIES * width + x
                indptr[pixel] = at
                inside = 2 <= y < height - 2 and 2 <= x < width - 2
                for k in range(25):
                    v, u = y + k // 5 - 2, x + k % 5 - 2
                    if inside or (0 <= v < height and 0 <= u < width):
                        indices[at], values[at] = pixel + steps[k], entries[place + places[k]]
                        at += 1
    indptr[height * width] = len(values)


@njit(cache=True, parallel=True, nogil=True)
def _accumulate_windows(planes, ridge, pairs, stencil):  # type: ignore[no-untyped-def]
    """Add the matrix of every 3x3 window to the stencil; each band of rows is written by one task only."""
    height = stencil.shape[0]
    for band in prange((height + BAND - 1) // BAND):
        first, last = band * BAND, min((band + 1) * BAND, height)
        _accumulate_band(planes, ridge, pairs, stencil[first:last], first, last)


@njit(cache=True, nogil=True)
def _accumulate_band(planes, ridge, pairs, stencil, first, last):  # type: ignore[no-untyped-def]
    """Add what windows give to pixels of the rows first to last - 1, of which the stencil is."""
    _, height, width = planes.shape
    windows = width - 2
    z, scratch = np.empty((9, 3, windows)), np.empty((6, windows))
    for centre in range(max(first - 1, 1), min(last + 1, height - 1)):
        _centre_windows(planes, centre, z, scratch[0])
        _whiten_windows(z, ridge, scratch)
        for p in range(len(pairs)):  # a table, for loops over 9 x 9 constants are unrolled: ten seconds of compiling
            a, b = pairs[p, 0], pairs[p, 1]
            y, left = centre - 1 + a // 3, a % 3
            if first <= y < last:
                slot = 5 * (b // 3 - a // 3) + b % 3 - left
                _add_pair(stencil[y - first, slot, left : left + windows], z[a], z[b], (a == b) - 1 / 9)


@njit(cache=True, nogil=True)
def _centre_windows(planes, centre, z, mean):  # type: ignore[no-untyped-def]
    """D / 3 of all windows centred on one row: z[pixel of the window, channel, window]."""
    for c in range(3):
        for a in range(len(z)):
            colours, centred = planes[c, centre - 1 + a // 3, a % 3 :], z[a, c]
            for k in range(len(mean)):
                centred[k] = colours[k] * (1 / 3)
        for _ in range(2):  # twice: C^-1 would magnify what rounding leaves of the mean
            for k in range(len(mean)):
                mean[k] = 0
            for a in range(len(z)):
                centred = z[a, c]
                for k in range(len(mean)):
                    mean[k] += centred[k] * (1 / 9)
            for a in range(len(z)):
                centred = z[a, c]
                for k in range(len(mean)):
                    centred[k] -= mean[k]


@njit(cache=True, nogil=True)
def _whiten_windows(z, ridge, cov):  # type: ignore[no-untyped-def]
    """From D / 3 to Z, in place; cov is scratch, (6, windows)."""
    windows = z.shape[2]
    for c in range(3):  # Sigma = (D / 3) (D / 3)^T
        for d in range(c + 1):
            sums = cov[c * (c + 1) // 2 + d]
            for k in range(windows):
                sums[k] = 0
            for a in range(len(z)):
                left, right = z[a, c], z[a, d]
                for k in range(windows):
                    sums[k] += left[k] * right[k]
    for k in range(windows):  # C C^T = Sigma + ridge I; C overwrites Sigma, inverted on the diagonal
        c00 = 1 / np.sqrt(cov[0, k] + ridge)
        c10, c20 = cov[1, k] * c00, cov[3, k] * c00
        # an exact pivot is at least the ridge: the maximum only mends rounding
        c11 = 1 / np.sqrt(max(cov[2, k] - c10 * c10 + ridge, ridge))
        c21 = (cov[4, k] - c20 * c10) * c11
        c22 = 1 / np.sqrt(max(cov[5, k] - c20 * c20 - c21 * c21 + ridge, ridge))
        cov[0, k], cov[1, k], cov[2, k], cov[3, k], cov[4, k], cov[5, k] = c00, c10, c11, c20, c21, c22
    for a in range(len(z)):  # Z = C^-1 D / 3
        z0, z1, z2 = z[a, 0], z[a, 1], z[a, 2]
        for k in range(windows):
            z0[k] *= cov[0, k]
            z1[k] = (z1[k] - cov[1, k] * z0[k]) * cov[2, k]
            z2[k] = (z2[k] - cov[3, k] * z0[k] - cov[4, k] * z1[k]) * cov[5, k]


@njit(cache=True, nogil=True)
def _add_pair(entries, za, zb, constant):  # type: ignore[no-untyped-def]
    for k in range(len(entries)):
        entries[k] += constant - (za[0, k] * zb[0, k] + za[1, k] * zb[1, k] + za[2, k] * zb[2, k])


@njit(cache=True, parallel=True, nogil=True)
def _multiply(stencil, x, shift, product):  # type: ignore[no-untyped-def]
    """product = (L + shift I) x, each row by one task: its own entries, and the mirrored ones of rows above."""
    channels, height, width = x.shape
    for y in prange(height):
        for c in range(channels):
            if y < 2 or y >= height - 2:
                for u in range(width):
                    product[c, y, u] = _product_at(stencil, x[c], shift, y, u)
                continue
            for u in range(2):
                product[c, y, u] = _product_at(stencil, x[c], shift, y, u)
                product[c, y, width - 1 - u] = _product_at(stencil, x[c], shift, y, width - 1 - u)
            end = width - 2
            inner, here = product[c, y, 2:end], x[c, y, 2:end]
            for k in range(len(inner)):
                inner[k] = shift * here[k]
            for slot in range(1, ENTRIES):
                dy = (slot + 2) // 5
                dx = slot - 5 * dy
                _add_differences(
                    inner,
                    here,
                    stencil[y, slot, 2:end],
                    x[c, y + dy, 2 + dx : end + dx],
                    stencil[y - dy, slot, 2 - dx : end - dx],
                    x[c, y - dy, 2 - dx : end - dx],
                )


@njit(cache=True, nogil=True)
def _product_at(stencil, x, shift, y, u):  # type: ignore[no-untyped-def]
    """One pixel's value of (L + shift I) x, near the border."""
    height, width = x.shape
    here = x[y, u]
    total = shift * here
    for slot in range(1, ENTRIES):
        dy = (slot + 2) // 5
        dx = slot - 5 * dy
        if y + dy < height and 0 <= u + dx < width:
            total += stencil[y, slot, u] * (x[y + dy, u + dx] - here)
        if y >= dy and 0 <= u - dx < width:
            total += stencil[y - dy, slot, u - dx] * (x[y - dy, u - dx] - here)
    return total


@njit(cache=True, nogil=True)
def _add_differences(product, here, right, there_right, left, there_left):  # type: ignore[no-untyped-def]
    """One pair of opposite entries for a row's inner pixels; few arrays at once, or the compiler does not vectorise."""
    for k in range(len(product)):
        product[k] += right[k] * (there_right[k] - here[k]) + left[k] * (there_left[k] - here[k])
