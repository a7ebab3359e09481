"""The Cholesky factor of A + lambda I by MKL's PARDISO; the only file that knows MKL, imported only where it is chosen.

Schenk and Gaertner 2004, LL^T on all of numba's threads, in the order of nested_dissection (to find one of its own
takes it 1.3 s) and in MKL's reproducible mode: on 1, 2, 3 and 8 threads it gave the same bits, which differ from
CHOLMOD's in the last digits. With other work on those cores it is the slower of the two.
"""

import ctypes
import math
import weakref
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from stages.smooth.solvers.cholesky import GridAnalysis, not_positive_definite, out_of_memory

SYMMETRIC_POSITIVE_DEFINITE = 2
ANALYSE, FACTORISE, SOLVE, RELEASE = 11, 22, 33, -1  # phases
OUT_OF_MEMORY, NO_PIVOT = -2, -4  # errors
AUTO_STRICT = 2 | 0x10000  # of MKL's conditional numerical reproducibility: the same bits on any number of threads
SET, ORDER, GIVEN_ORDER, TWO_LEVELS, FROM_ZERO = 0, 1, 4, 23, 34  # parameters that go in
PIVOT = 29  # and the one that comes out
NOTHING = np.empty((1, 0))


class GridPardiso:
    """As GridCholesky: the factor of A + lambda I; stencils and lambdas follow one another on one analysis."""

    def __init__(self, analysis: GridAnalysis) -> None:
        """Raises ModuleNotFoundError without MKL, NotEnoughMemoryError without memory."""
        self._sparsity = sparsity = analysis.sparsity  # the lower triangle by columns, which is the upper one by rows
        self._order = analysis.dissection.order
        self._diagonals = sparsity.indptr[:-1]
        self._diagonal = np.ones(len(self._order))
        self._matrix = _Matrix.of(np.ones(len(sparsity.indices)), sparsity.indptr, sparsity.indices)
        self._prepare(ANALYSE)
        weakref.finalize(self, self._matrix.release).atexit = False

    def assemble(self, stencil: NDArray[np.float64]) -> None:
        """Take A, by its stencil (H, 13, W); `factorise` has to follow."""
        self._matrix.values[:] = self._sparsity.gather(stencil)
        self._diagonal = self._matrix.values[self._diagonals]

    def factorise(self, lam: float) -> None:
        """Replace the factor by that of A + lam I. Errors as for GridCholesky."""
        self._matrix.values[self._diagonals] = self._diagonal + lam
        if self._matrix.released:
            self._prepare(ANALYSE)
        self._prepare(FACTORISE, lam)

    def solve(self, planes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve (A + lam I) x = b for planes b (C, H, W) float64; returns planes of the same shape."""
        rhs = planes.reshape(len(planes), -1)
        permuted = np.ascontiguousarray(rhs[:, self._order])
        found, solution = np.empty_like(permuted), np.empty_like(permuted)
        self._check(self._matrix.call(SOLVE, permuted, found))
        solution[:, self._order] = found
        return solution.reshape(planes.shape)

    def _prepare(self, phase: int, lam: float = math.nan) -> None:
        """A phase whose results PARDISO keeps; where it fails, nothing is kept: it can't go on from half a factor."""
        try:
            self._check(self._matrix.call(phase), lam)
        except (ArithmeticError, MemoryError, RuntimeError):
            self._matrix.release()
            raise

    def _check(self, error: int, lam: float = math.nan) -> None:
        size = len(self._order)
        if error == NO_PIVOT:
            raise not_positive_definite(lam, int(self._matrix.parameters[PIVOT]), size)
        if error == OUT_OF_MEMORY:
            raise out_of_memory("MKL's PARDISO", size)
        if error:
            raise RuntimeError(
                f"MKL's PARDISO gave up on {size} pixels with error {error}; CHOLMOD may not (`cholesky`)"
            )


class _Matrix(NamedTuple):
    """What PARDISO works on: arrays that stay where they are from its first call to its last."""

    values: NDArray[np.float64]
    indptr: NDArray[np.signedinteger]
    indices: NDArray[np.signedinteger]
    order: NDArray[np.signedinteger]
    parameters: NDArray[np.signedinteger]
    handle: NDArray[np.int64]

    @classmethod
    def of(
        cls, values: NDArray[np.float64], indptr: NDArray[np.signedinteger], indices: NDArray[np.signedinteger]
    ) -> "_Matrix":
        parameters = np.zeros(64, indices.dtype)
        parameters[[SET, GIVEN_ORDER, TWO_LEVELS, FROM_ZERO]] = 1
        parameters[ORDER] = 2  # nested dissection; two levels want that, though the order is given
        order = np.arange(len(indptr) - 1, dtype=indices.dtype)  # they are in elimination order already
        return cls(values, indptr, indices, order, parameters, np.zeros(64, np.int64))

    @property
    def released(self) -> bool:
        """Whether PARDISO holds nothing of it."""
        return not self.handle.any()

    def release(self) -> None:
        """Gives PARDISO's memory back; an analysis has to come first again."""
        self.call(RELEASE)
        self.handle[:] = 0

    def call(self, phase: int, rhs: NDArray[np.float64] = NOTHING, solution: NDArray[np.float64] = NOTHING) -> int:
        """One phase, on right-hand sides (C, n) where it is to solve; returns PARDISO's error, 0 for none."""
        mkl, kind = _mkl(), self.indices.dtype
        factors, factor, silent, error = (np.array(number, kind) for number in (1, 1, 0, 0))
        matrix, step, size, sides = (
            np.array(number, kind) for number in (SYMMETRIC_POSITIVE_DEFINITE, phase, len(self.order), len(rhs))
        )
        arguments = (
            *(self.handle, factors, factor, matrix, step, size, self.values, self.indptr, self.indices, self.order),
            *(sides, self.parameters, silent, rhs, solution, error),
        )
        mkl.MKL_Set_Num_Threads_Local(numba.get_num_threads())
        pardiso = mkl.pardiso if kind == np.int32 else mkl.pardiso_64
        pardiso(*(argument.ctypes.data_as(ctypes.c_void_p) for argument in arguments))
        return int(error)


def find_mkl() -> Path:
    """MKL's library; raises ModuleNotFoundError where it is not installed."""
    try:
        files = metadata.files("mkl") or []
        (runtime,) = (file for file in files if file.name.startswith("libmkl_rt."))
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise ModuleNotFoundError(
            "the solver `pardiso` needs Intel's MKL, which is not here: pip install 'photostyle[mkl]' (x86-64 only), "
            "or choose another solver"
        ) from error
    return Path(str(runtime.locate()))


@cache
def _mkl() -> ctypes.CDLL:
    """MKL, in its reproducible mode."""
    mkl = ctypes.CDLL(str(find_mkl()))
    refused = mkl.MKL_CBWR_Set(AUTO_STRICT)
    if refused:
        raise RuntimeError(f"MKL can't compute reproducibly on this processor (error {refused}): choose another solver")
    return mkl
