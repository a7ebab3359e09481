"""Symmetric positive definite systems on a cubic lattice: conjugate gradients, preconditioned by multigrid.

Second differences tie each unknown to its neighbours only, so conjugate gradients alone need thousands of steps to
carry a change from one end of the lattice to the other. One V-cycle (Briggs, Henson and McCormick 2000) reaches all of
it: lattices of 33, 17, 9 and 5 points, with linear interpolation P between them and P^T A P as the coarser system,
smoothed by Chebyshev's polynomials in the Jacobi iteration (Adams, Brezina, Hu and Tuminaro 2003). A dozen steps are
enough.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from stages.arrays import Array

COARSEST = 5
"""Points along an edge: solved directly."""
DEGREE = 3
SMOOTHED = 1 / 8
"""The part of the spectrum that the smoother leaves to the coarser lattices."""
POWER_STEPS, MARGIN = 10, 1.1
"""Of the power iteration for the largest eigenvalue, which it finds from below."""
TOLERANCE, MOST_STEPS = 1e-5, 200
"""Of the relative residual; of conjugate gradients."""


def solve_on_lattice(A: sparse.csr_array, wanted: Array, start: Array, size: int) -> Array:
    """A x = wanted, to a relative residual of 1e-5.

    A: (size^3, size^3), symmetric positive definite. wanted, start: (size^3, C). size: 2^k + 1.
    Raises ArithmeticError: it is not solved after 200 steps.
    """
    cycle = _VCycle(A, size)
    shape, square = wanted.shape, (wanted.size, wanted.size)
    x, unfinished = cg(
        LinearOperator(square, lambda planes: (A @ planes.reshape(shape)).ravel(), dtype=np.float64),
        wanted.ravel(),
        start.ravel(),
        rtol=TOLERANCE,
        maxiter=MOST_STEPS,
        M=LinearOperator(square, lambda planes: cycle(planes.reshape(shape)).ravel(), dtype=np.float64),
    )
    if unfinished:
        raise ArithmeticError(f"the lattice's system is not solved after {MOST_STEPS} steps of conjugate gradients")
    solution: Array = x.reshape(shape)
    return solution


class _Level(NamedTuple):
    A: sparse.csr_array
    P: sparse.csr_array
    """From the coarser lattice."""
    inverse_diagonal: Array
    """(n, 1)."""
    largest: float
    """Eigenvalue of the Jacobi iteration's matrix, or a little more."""


class _VCycle:
    """An approximate inverse, symmetric and positive definite."""

    def __init__(self, A: sparse.csr_array, size: int) -> None:
        self._levels = list[_Level]()
        while size > COARSEST:
            P = _from_coarser(size)
            inverse_diagonal = 1 / A.diagonal()[:, None]
            self._levels.append(_Level(A, P, inverse_diagonal, MARGIN * _largest_eigenvalue(A, inverse_diagonal)))
            A, size = (P.T @ A @ P).tocsr(), size // 2 + 1
        self._coarsest = np.linalg.inv(A.toarray())

    def __call__(self, r: Array, depth: int = 0) -> Array:
        """Nearly the x with A x = r, (n, C)."""
        if depth == len(self._levels):
            nearly: Array = self._coarsest @ r
            return nearly
        level = self._levels[depth]
        x = _smoothed(level, np.zeros_like(r), r)
        x += level.P @ self(level.P.T @ (r - level.A @ x), depth + 1)
        return _smoothed(level, x, r - level.A @ x)


def _smoothed(level: _Level, x: Array, residual: Array) -> Array:
    """x, less what of its error belongs to the upper part of the spectrum (Saad 2003, algorithm 12.1)."""
    centre, radius = (level.largest * (1 + sign * SMOOTHED) / 2 for sign in (1, -1))
    ratio = radius / centre
    step = level.inverse_diagonal * residual / centre
    x = x + step
    for _ in range(DEGREE - 1):
        residual = residual - level.A @ step
        next_ratio = 1 / (2 * centre / radius - ratio)
        step = next_ratio * (ratio * step + 2 / radius * level.inverse_diagonal * residual)
        ratio, x = next_ratio, x + step
    return x


def _largest_eigenvalue(A: sparse.csr_array, inverse_diagonal: Array) -> float:
    vector = np.random.default_rng(0).standard_normal((A.shape[0], 1))
    for _ in range(POWER_STEPS):
        vector = inverse_diagonal * (A @ (vector / np.linalg.norm(vector)))
    return float(np.linalg.norm(vector))


def _from_coarser(size: int) -> sparse.csr_array:
    """Linear interpolation from a lattice of half the intervals, (size^3, (size // 2 + 1)^3)."""
    line = np.maximum(0, 1 - np.abs(np.arange(size)[:, None] / 2 - np.arange(size // 2 + 1)))
    along = sparse.csr_array(line)
    return sparse.kron(sparse.kron(along, along), along).tocsr()
