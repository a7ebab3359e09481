"""Preconditioned conjugate gradients on A + lambda I, A = L + mu G, for images whose Cholesky factor no memory holds.

The preconditioner is a symmetric two-level cycle: Chebyshev's polynomial in D^-1 A flattens what is rough, a Cholesky
factor on the coarse space of slowly varying affine colour maps solves for what is smooth, and Chebyshev again. It
computes in float32 on a float32 copy of the stencil; the iteration around it is in float64. The first iterate is the
coarse solution. Sums are taken row by row, so that no result depends on the number of threads.

The residual says how far the solution is off: |x - x*| <= |r| / lambda, so at TOLERANCE of lambda |y| the error is at
most TOLERANCE of |y|, a fifteenth of a 16-bit step.
"""

from collections.abc import Callable

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from stages.arrays import Array
from stages.smooth.matting_laplacian import apply_stencil
from stages.smooth.solvers import cholesky
from stages.smooth.solvers.cholesky import NodeCholesky
from stages.smooth.solvers.coarse_space import SPACING, CoarseSpace

TOLERANCE = 1e-6
"""Of the residual's norm to the right-hand side's, each channel."""
LIMIT = 600
"""Iterations."""
SPREAD = 8.0
"""Chebyshev's polynomial is small on the upper part of the spectrum, down to the largest eigenvalue over this."""
DEGREE = 2
POWER_ITERATIONS = 20
MARGIN = 1.1
"""On the largest eigenvalue, which power iteration finds from below."""

BYTES_PER_PIXEL = 480
"""Beside the coarse factor: both stencils, right-hand side, iterates, their copies in float32."""

OnResidual = Callable[[int, float], None]


class NotConvergedError(ArithmeticError):
    """The iteration ended above the tolerance."""


class GridConjugateGradients:
    """The system A + lambda I of one content, solved by preconditioned conjugate gradients."""

    def __init__(self, content: NDArray[np.float32], on_residual: OnResidual | None = None) -> None:
        """content: (3, H, W) in [0, 1]; on_residual: told of each iteration's residual."""
        self._on_residual = on_residual
        self._space = CoarseSpace(content)
        self._lam = 0.0

    def assemble(self, stencil: Array) -> None:
        """Take A, by its stencil (H, 13, W); `factorise` has to follow."""
        self._stencil = stencil
        self._coarse = NodeCholesky(*self._space.galerkin(stencil))
        self._rounded = stencil.astype(np.float32)
        self._largest = _largest_eigenvalue(self._rounded)

    def factorise(self, lam: float) -> None:
        """Make the preconditioner that of A + lam I; raises what a Cholesky factor does."""
        self._coarse.factorise(lam)
        self._lam = lam

    def solve(self, b: Array) -> Array:
        """x with |b - (A + lam I) x| <= TOLERANCE |b|, for planes (C, H, W) float64; b is overwritten by the residual.

        Raises NotConvergedError after LIMIT iterations.
        """
        lam = self._lam
        goal = TOLERANCE * np.sqrt(_dots(b, b))
        x, r = self._coarse_solution(b), b
        r -= apply_stencil(self._stencil, x, lam)
        p, q, rz = np.zeros_like(b), np.empty_like(b), np.zeros(len(b))
        for iteration in range(LIMIT + 1):
            norms = np.sqrt(_dots(r, r))
            reached = float(np.max(norms / np.where(goal > 0, goal, 1))) * TOLERANCE
            if self._on_residual is not None:
                self._on_residual(iteration, reached)
            if reached <= TOLERANCE:
                return x
            z = self.precondition(r.astype(np.float32))
            before, rz = rz, _dots(r, z)
            _turn(p, z, _ratio(rz, before))
            apply_stencil(self._stencil, p, lam, out=q)
            _advance(x, r, p, q, _ratio(rz, _dots(p, q)))
        raise NotConvergedError(
            f"conjugate gradients reached a relative residual of {reached:.1e} in {LIMIT} iterations at lambda = "
            f"{lam:g}, {TOLERANCE:g} was asked: take a larger lambda, or a smaller image"
        )

    def _coarse_solution(self, b: Array) -> Array:
        x = np.zeros_like(b)
        self._space.prolong(self._coarse.solve(self._space.restrict(b)), x)
        return x

    def precondition(self, r: NDArray[np.float32]) -> NDArray[np.float32]:
        """Chebyshev, the coarse space, Chebyshev: a symmetric positive definite map from residuals to corrections."""
        x, rest = np.zeros_like(r), r.copy()
        self._smooth(x, r, rest)
        self._update_rest(x, r, rest)
        self._space.prolong(self._coarse.solve(self._space.restrict(rest)), x)
        self._update_rest(x, r, rest)
        self._smooth(x, r, rest)
        return x

    def _smooth(self, x: NDArray[np.float32], r: NDArray[np.float32], rest: NDArray[np.float32]) -> None:
        """Improve x by Chebyshev's iteration for A x = r preconditioned by A's diagonal; rest is r - A x, at first.

        Saad, Iterative Methods for Sparse Linear Systems, algorithm 12.1.
        """
        centre = self._largest * (1 + 1 / SPREAD) / 2
        radius = self._largest * (1 - 1 / SPREAD) / 2
        step = np.zeros_like(x)
        rho = radius / centre
        _stride(x, step, rest, self._rounded, self._lam, 0.0, 1 / centre)
        for _ in range(DEGREE - 1):
            self._update_rest(x, r, rest)
            before, rho = rho, 1 / (2 * centre / radius - rho)
            _stride(x, step, rest, self._rounded, self._lam, rho * before, 2 * rho / radius)

    def _update_rest(self, x: NDArray[np.float32], r: NDArray[np.float32], rest: NDArray[np.float32]) -> None:
        """rest = r - A x."""
        apply_stencil(self._rounded, x, self._lam, out=rest)
        np.subtract(r, rest, out=rest)


def estimated_bytes(height: int, width: int) -> int:
    """Peak memory of stage two by conjugate gradients, on an image of this size.

    Four coefficients a node in blocks: the coarse factor is that of an image of two by two pixels a node.
    """
    coarse = cholesky.estimated_bytes(2 * height // SPACING + 2, 2 * width // SPACING + 2)
    return coarse + BYTES_PER_PIXEL * height * width


def _largest_eigenvalue(stencil: NDArray[np.float32]) -> float:
    """Of D^-1 L, D the diagonal of L, and a little above; also an upper bound for D + lambda and L + lambda."""
    height, _, width = stencil.shape
    x = np.random.default_rng(0).standard_normal((1, height, width), np.float32)
    diagonal = stencil[:, 0] + np.finfo(np.float32).eps
    norm = 1.0
    for _ in range(POWER_ITERATIONS):
        x = apply_stencil(stencil, x) / diagonal
        norm = float(np.sqrt(_dots(x, x)[0]))
        x /= np.float32(norm)
    return MARGIN * norm


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """a / b, and 0 for a channel that is solved, or has not begun."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _dots(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """The inner product of each plane of a (C, H, W) with that of b; (C,) float64."""
    sums = np.empty(a.shape[:2])
    _row_dots(a, b, sums)
    total: NDArray[np.float64] = sums.sum(axis=1)
    return total


@njit(cache=True, parallel=True, nogil=True)
def _row_dots(a, b, sums):  # type: ignore[no-untyped-def]
    for y in prange(a.shape[1]):
        for c in range(a.shape[0]):
            total = 0.0
            for u in range(a.shape[2]):
                total += a[c, y, u] * b[c, y, u]
            sums[c, y] = total


@njit(cache=True, parallel=True, nogil=True)
def _turn(p, z, beta):  # type: ignore[no-untyped-def]
    """p = z + beta p."""
    for y in prange(p.shape[1]):
        for c in range(p.shape[0]):
            for u in range(p.shape[2]):
                p[c, y, u] = z[c, y, u] + beta[c] * p[c, y, u]


@njit(cache=True, parallel=True, nogil=True)
def _advance(x, r, p, q, alpha):  # type: ignore[no-untyped-def]
    """x += alpha p, r -= alpha q."""
    for y in prange(p.shape[1]):
        for c in range(p.shape[0]):
            for u in range(p.shape[2]):
                x[c, y, u] += alpha[c] * p[c, y, u]
                r[c, y, u] -= alpha[c] * q[c, y, u]


@njit(cache=True, parallel=True, nogil=True)
def _stride(x, step, rest, stencil, lam, keep, new):  # type: ignore[no-untyped-def]
    """step = keep step + new D^-1 rest, D the diagonal of L + lam I; x += step."""
    for y in prange(x.shape[1]):
        for c in range(x.shape[0]):
            for u in range(x.shape[2]):
                s = keep * step[c, y, u] + new * rest[c, y, u] / (stencil[y, 0, u] + lam)
                step[c, y, u] = s
                x[c, y, u] += s
