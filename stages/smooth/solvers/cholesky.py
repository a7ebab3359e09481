"""Sparse Cholesky factors of A + lambda I, A = L + mu G, and of its coarse version; the only file that knows sksparse.

By CHOLMOD's supernodal method (Chen, Davis, Hager, Rajamanickam 2008). Where its time goes, at 700 x 437 on two cores
(23.6 GFLOP): as it comes, 2.2 s (11 GFLOP/s). CHOLMOD is compiled to share its copying loops among four OpenMP threads,
whatever the number of cores, and BLAS shares out blocks of 30 x 100 numbers: the threads wait for each other far longer
than they work. In one thread it takes 0.95 s (25 GFLOP/s; 50 within the products, the rest packs, copies and clears
small blocks), leaves the other cores alone and gives the same result to the last bit on any number of them. That is
about the ceiling within this interface, which has no parallel subtrees and no larger supernodes. A new factor also pays
0.2 s for its memory's first touch: a further lambda, in place, does not.

MKL's PARDISO (stages.smooth.pardiso, chosen explicitly) does it in 0.53 s where this takes 0.91, but 0.26 s go to its
analysis and as many to each solution, where this takes 0.12 and 0.15, on the same idle cores: 1.07 s for the whole
stage instead of 1.20, 0.73 for a further lambda instead of 0.90, with a fifth more memory and 860 MB of libraries. An
order kept on disk for other processes would save at most the 0.1 s of the analysis, most of which is CHOLMOD's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from sksparse.cholmod import CholmodNotPositiveDefiniteError, CholmodOutOfMemoryError, Factor, analyze
from threadpoolctl import ThreadpoolController

from stages.smooth.solvers.nested_dissection import Dissection, nested_dissection
from stages.smooth.solvers.sparsity import Sparsity, lower_sparsity

BYTES_PER_PIXEL = 650  # beside the factor: stencil, lower triangle, its pattern, right-hand sides, solutions
LIFT = 1e-8  # of the coarse diagonal: a flat node's has nothing else; well below lambda times a node's fifty pixels


class NotPositiveDefiniteError(ArithmeticError):
    """L + lambda I has no Cholesky factor in double precision."""


class NotEnoughMemoryError(MemoryError):
    """The factor does not fit into the memory that is free."""


class GridAnalysis:
    """The symbolic part: everything that depends on the image's size alone."""

    def __init__(self, height: int, width: int) -> None:
        self.dissection: Dissection = nested_dissection(height, width)
        self.sparsity: Sparsity = lower_sparsity(self.dissection.order, height, width, _index_type(self.dissection))

    @cached_property
    def symbolic(self) -> Factor:
        """CHOLMOD's part of it."""
        pattern = self.lower_triangle(np.ones(len(self.sparsity.indices)))
        return analyze(pattern, mode="supernodal", ordering_method="natural")

    def lower_triangle(self, values: NDArray[np.float64]) -> csc_array:
        """The lower triangle with these values, in elimination order, without a copy."""
        size = len(self.dissection.order)
        matrix = csc_array((values, self.sparsity.indices, self.sparsity.indptr), shape=(size, size))
        matrix.has_sorted_indices = True
        return matrix


@lru_cache(maxsize=1)
def grid_analysis(height: int, width: int) -> GridAnalysis:
    """The analysis of a grid; the last one is kept, so that images of equal size share it."""
    return GridAnalysis(height, width)


class GridCholesky:
    """The Cholesky factor of A + lambda I; stencils and lambdas follow one another in the same memory."""

    def __init__(self, analysis: GridAnalysis) -> None:
        self._order, self._analysis = analysis.dissection.order, analysis
        self._factor = analysis.symbolic.copy()

    def assemble(self, stencil: NDArray[np.float64]) -> None:
        """Take A, by its stencil (H, 13, W); `factorise` has to follow."""
        self._lower = self._analysis.lower_triangle(self._analysis.sparsity.gather(stencil))

    def factorise(self, lam: float) -> None:
        """Replace the factor by that of A + lam I.

        Raises NotPositiveDefiniteError where lam is lost in the rounding of A, NotEnoughMemoryError without memory.
        """
        _factorise(self._factor, self._lower, lam, lam)

    def solve(self, planes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve (A + lam I) x = b for planes b (C, H, W) float64; returns planes of the same shape."""
        rhs = planes.reshape(len(planes), -1)
        with _one_thread():
            permuted = self._factor(rhs[:, self._order].T)
        solution = np.empty_like(rhs)
        solution[:, self._order] = permuted.T
        return solution.reshape(planes.shape)


class NodeCholesky:
    """The Cholesky factor of K + lambda M, in blocks of 4 x 4: each node of a grid with itself and its neighbours."""

    def __init__(self, stiffness: NDArray[np.float64], mass: NDArray[np.float64]) -> None:
        """stiffness, mass: K and M, (rows, columns, 9, 4, 4), symmetric as matrices; neighbours in reading order."""
        rows, columns = stiffness.shape[:2]
        nodes = nested_dissection(rows, columns).order.reshape(-1, 1)
        self._order = np.add(4 * nodes, np.arange(4), dtype=np.int32).reshape(-1)
        self._lower = _lower_blocks(self._order, rows, columns)
        source = self._lower.data.astype(np.int64)
        self._stiffness, self._mass = (blocks.reshape(-1)[source] for blocks in (stiffness, mass))
        self._lower.data[:] = 1
        self._factor = analyze(self._lower, mode="supernodal", ordering_method="natural")

    def factorise(self, lam: float) -> None:
        """Replace the factor by that of K + lam M, its diagonal lifted a little. Errors as for GridCholesky."""
        np.multiply(self._mass, lam, out=self._lower.data)
        self._lower.data += self._stiffness
        _factorise(self._factor, self._lower, LIFT, lam)

    def solve(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve for coefficients (rows, columns, C, 4); returns the same shape."""
        rhs = coefficients.swapaxes(2, 3).reshape(len(self._order), -1)
        solution = np.empty_like(rhs)
        with _one_thread():
            solution[self._order] = self._factor(rhs[self._order])
        rows, columns, channels, dofs = coefficients.shape
        return solution.reshape(rows, columns, dofs, channels).swapaxes(2, 3)


def _lower_blocks(order: NDArray[np.int32], rows: int, columns: int) -> csc_array:
    """The lower triangle's pattern, in elimination order; its values are the places in (rows, columns, 9, 4, 4)."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=order.dtype)
    rank = rank.reshape(rows, columns, 4)
    row, column, source = [], [], []
    places = np.arange(rows * columns * 144).reshape(rows, columns, 9, 4, 4)
    for neighbour in range(9):
        dy, dx = neighbour // 3 - 1, neighbour % 3 - 1
        here = np.s_[max(-dy, 0) : rows - max(dy, 0), max(-dx, 0) : columns - max(dx, 0)]
        there = np.s_[max(dy, 0) : rows - max(-dy, 0), max(dx, 0) : columns - max(-dx, 0)]
        i, j = np.broadcast_arrays(rank[there][:, :, None, :], rank[here][:, :, :, None])
        kept = i >= j
        row.append(i[kept])
        column.append(j[kept])
        source.append(places[here][:, :, neighbour][kept])
    entries = (np.concatenate(source).astype(np.float64), (np.concatenate(row), np.concatenate(column)))
    lower = coo_array(entries, shape=(len(order), len(order))).tocsc()
    lower.sort_indices()
    return lower


def _factorise(factor: Factor, lower: csc_array, shift: float, lam: float) -> None:
    try:
        with _one_thread():
            factor.cholesky_inplace(lower, beta=shift)
    except CholmodNotPositiveDefiniteError as error:
        raise not_positive_definite(lam, error.column + 1, lower.shape[0]) from error
    except CholmodOutOfMemoryError as error:
        raise out_of_memory("CHOLMOD", lower.shape[0]) from error


def not_positive_definite(lam: float, pivot: int, size: int) -> NotPositiveDefiniteError:
    """The error of a factor that failed at this pivot, the first of which is 1."""
    return NotPositiveDefiniteError(
        f"L + lambda I is not positive definite in double precision at lambda = {lam:g} "
        f"(pivot {pivot} of {size}): lambda is too small; 1e-8 and above is safe"
    )


def out_of_memory(library: str, size: int) -> NotEnoughMemoryError:
    """The error of a library that could not allocate the factor."""
    return NotEnoughMemoryError(
        f"{library} ran out of memory factoring {size} pixels: "
        "close other programs, lift the process's memory limit, or use a smaller image"
    )


def estimated_bytes(height: int, width: int) -> int:
    """Peak memory of stage two by a Cholesky factor, on an image of this size; at most this, by its geometry."""
    dissection = nested_dissection(height, width)
    return 8 * (dissection.factor_entries + dissection.update_entries) + BYTES_PER_PIXEL * height * width


def _index_type(dissection: Dissection) -> type[np.signedinteger]:
    """CHOLMOD counts the factor's entries in the integers of the matrix's indices."""
    return np.int32 if dissection.factor_entries <= np.iinfo(np.int32).max else np.int64


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def _one_thread() -> Iterator[None]:
    """BLAS in one thread, and CHOLMOD's OpenMP loops too: they ask for four, so parallel regions are disabled."""
    pools = _thread_pools()
    openmp = [pool.dynlib for pool in pools.select(internal_api="openmp").lib_controllers]
    levels = [runtime.omp_get_max_active_levels() for runtime in openmp]
    with pools.limit(limits=1, user_api="blas"):
        for runtime in openmp:
            runtime.omp_set_max_active_levels(0)
        try:
            yield
        finally:
            for runtime, level in zip(openmp, levels, strict=True):
                runtime.omp_set_max_active_levels(level)
