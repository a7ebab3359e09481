"""Where the stencil's entries go in the lower triangle that CHOLMOD reads: depends on the image's size alone."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

ENTRIES = 13  # of the stencil, per pixel: see matting_laplacian


class Sparsity(NamedTuple):
    """The pattern of the lower triangle in CSC, and the place in the stencil that each entry is read from."""

    indptr: NDArray[np.signedinteger]
    """(n + 1,) where each column begins."""
    indices: NDArray[np.signedinteger]
    """(entries,) row of each entry, ascending within a column."""
    source: NDArray[np.int32]
    """(entries,) index of each entry in the flattened stencil."""

    def gather(self, stencil: NDArray[np.float64]) -> NDArray[np.float64]:
        """The matrix's values, (entries,) float64, from the stencil (H, 13, W)."""
        values = np.empty(len(self.source))
        _gather(stencil.reshape(-1), self.source, values)
        return values


def lower_sparsity(
    order: NDArray[np.int32], height: int, width: int, index_type: type[np.signedinteger] = np.int32
) -> Sparsity:
    """The pattern with the pixels in the given elimination order.

    order: (H W,) the pixel, by its reading-order index, that is eliminated first, second, ...
    """
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=order.dtype)
    counts = np.empty(len(order), index_type)
    _count(order, rank, height, width, counts)
    indptr = np.zeros(len(order) + 1, index_type)
    np.cumsum(counts, out=indptr[1:])
    indices = np.empty(indptr[-1], index_type)
    source = np.empty(indptr[-1], np.int32)
    _fill(order, rank, height, width, indptr, indices, source)
    return Sparsity(indptr, indices, source)


@njit(cache=True, parallel=True, nogil=True)
def _count(order, rank, height, width, counts):  # type: ignore[no-untyped-def]
    for j in prange(len(order)):
        y, x = divmod(order[j], width)
        count = 0
        for v in range(max(y - 2, 0), min(y + 3, height)):
            for u in range(max(x - 2, 0), min(x + 3, width)):
                count += rank[v * width + u] >= j
        counts[j] = count


@njit(cache=True, parallel=True, nogil=True)
def _fill(order, rank, height, width, indptr, indices, source):  # type: ignore[no-untyped-def]
    for j in prange(len(order)):
        y, x = divmod(order[j], width)
        start = end = indptr[j]
        for v in range(max(y - 2, 0), min(y + 3, height)):
            for u in range(max(x - 2, 0), min(x + 3, width)):
                i = rank[v * width + u]
                if i < j:
                    continue
                dy, dx = v - y, u - x
                if dy > 0 or (dy == 0 and dx >= 0):
                    entry = (y * ENTRIES + 5 * dy + dx) * width + x
                else:
                    entry = (v * ENTRIES - 5 * dy - dx) * width + u
                at = end  # keep the column ascending: insertion sort
                while at > start and indices[at - 1] > i:
                    indices[at], source[at] = indices[at - 1], source[at - 1]
                    at -= 1
                indices[at], source[at] = i, entry
                end += 1


@njit(cache=True, parallel=True, nogil=True)
def _gather(stencil, source, values):  # type: ignore[no-untyped-def]
    for e in prange(len(source)):
        values[e] = stencil[source[e]]
