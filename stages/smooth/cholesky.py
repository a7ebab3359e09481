"""The sparse Cholesky factor of L + lambda I, by CHOLMOD's supernodal method (Chen, Davis, Hager, Rajamanickam 2008).

The only file that knows sksparse. Where the factorisation's time goes, at 700 x 437 on two cores (23.6 GFLOP):
as it comes, 2.2 s (11 GFLOP/s). CHOLMOD is compiled to share its copying loops among four OpenMP threads, whatever the
number of cores, and BLAS shares out blocks of 30 x 100 numbers: the threads wait for each other far longer than they
work. In one thread it takes 0.95 s (25 GFLOP/s; 50 within the products, the rest packs, copies and clears small
blocks), leaves the other cores alone and gives the same result to the last bit on any number of them. That is about the
ceiling within this interface, which has no parallel subtrees and no larger supernodes. A new factor also pays 0.2 s for
its memory's first touch: a further lambda, in place, does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

import numpy as np
import psutil
from numpy.typing import NDArray
from scipy.sparse import csc_array
from sksparse.cholmod import CholmodNotPositiveDefiniteError, CholmodOutOfMemoryError, analyze
from threadpoolctl import ThreadpoolController

from stages.smooth.nested_dissection import Dissection, nested_dissection
from stages.smooth.sparsity import Sparsity, lower_sparsity

BYTES_PER_PIXEL = 650  # beside the factor: stencil, lower triangle, its pattern, right-hand sides, solutions


class NotPositiveDefiniteError(ArithmeticError):
    """L + lambda I has no Cholesky factor in double precision."""


class NotEnoughMemoryError(MemoryError):
    """The factor does not fit into the memory that is free."""


class GridAnalysis:
    """The symbolic part: everything that depends on the image's size alone."""

    def __init__(self, height: int, width: int) -> None:
        self.dissection: Dissection = nested_dissection(height, width)
        self.sparsity: Sparsity = lower_sparsity(self.dissection.order, height, width, _index_type(self.dissection))
        pattern = self.lower_triangle(np.ones(len(self.sparsity.indices)))
        self.symbolic = analyze(pattern, mode="supernodal", ordering_method="natural")

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
    """The Cholesky factor of L + lambda I for one stencil; lambdas follow one another in the same memory."""

    def __init__(self, analysis: GridAnalysis, stencil: NDArray[np.float64]) -> None:
        self._order = analysis.dissection.order
        self._lower = analysis.lower_triangle(analysis.sparsity.gather(stencil))
        self._factor = analysis.symbolic.copy()

    def factorise(self, lam: float) -> None:
        """Replace the factor by that of L + lam I.

        Raises NotPositiveDefiniteError where lam is lost in the rounding of L, NotEnoughMemoryError without memory.
        """
        try:
            with _one_thread():
                self._factor.cholesky_inplace(self._lower, beta=lam)
        except CholmodNotPositiveDefiniteError as error:
            raise NotPositiveDefiniteError(
                f"L + lambda I is not positive definite in double precision at lambda = {lam:g} "
                f"(pivot {error.column + 1} of {len(self._order)}): lambda is too small; 1e-8 and above is safe"
            ) from error
        except CholmodOutOfMemoryError as error:
            raise NotEnoughMemoryError(
                f"CHOLMOD ran out of memory factoring {len(self._order)} pixels: "
                "close other programs, lift the process's memory limit, or use a smaller image"
            ) from error

    def solve(self, planes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve (L + lam I) x = b for planes b (C, H, W) float64; returns planes of the same shape."""
        rhs = planes.reshape(len(planes), -1)
        with _one_thread():
            permuted = self._factor(rhs[:, self._order].T)
        solution = np.empty_like(rhs)
        solution[:, self._order] = permuted.T
        return solution.reshape(planes.shape)


def estimated_bytes(height: int, width: int) -> int:
    """Peak memory of stage two on an image of this size: at most this by the factor's geometry."""
    dissection = nested_dissection(height, width)
    return 8 * (dissection.factor_entries + dissection.update_entries) + BYTES_PER_PIXEL * height * width


def require_memory(height: int, width: int) -> int:
    """The estimated bytes for this size; raises NotEnoughMemoryError where less is free."""
    need, free = estimated_bytes(height, width), psutil.virtual_memory().available
    if need > free:
        edge = int(max(height, width) * (free / need) ** 0.5)
        raise NotEnoughMemoryError(
            f"smoothing {height} x {width} pixels needs about {need / 1e9:.1f} GB, {free / 1e9:.1f} GB are free: "
            f"close other programs, or bring the image down to about {edge} pixels along its longer edge"
        )
    return need


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
