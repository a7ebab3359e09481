"""Stage two: the photorealism constraint in closed form, anchored.

Let y be the stage-one image, L the Matting Laplacian of the content (Levin et al. 2008), G its gradient Laplacian
(Farbman et al. 2008) and a the anchor (`stages.smooth.anchor`): the content through affine colour maps, a photograph by
construction. Looked for is the residual r = x - a that minimises, in each channel,

    r^T L r + mu r^T G r + lambda ||r - (y - a)||^2,    so    (L + mu G + lambda I) r = lambda (y - a),    x = a + r.

Three right-hand sides, one factor. As lambda falls, x becomes the anchor; as it grows, y. L lets the residual vary as
the content's colours do, G keeps it even where the content is: no blotches in skies. Regression of a distorted y on the
content's colours has too small a slope; it is the residual's slope that shrinks here, not the picture's contrast.

Without an anchor (a = 0) and with mu = 0 this is (L + lambda I) x = lambda y, FastPhotoStyle's smoothing (Li et al.
2018) with lambda = 9 (1 - beta) / beta, away from the border.
"""

from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.arrays import Array
from stages.settings import Smooth, Solver
from stages.smooth.checks import check_image, check_number
from stages.smooth.gradient_laplacian import SLOTS, gradient_stencil
from stages.smooth.matting_laplacian import apply_stencil, matting_stencil
from stages.smooth.solvers.choice import choose_solver
from stages.smooth.solvers.cholesky import GridCholesky, grid_analysis
from stages.smooth.solvers.conjugate_gradients import TOLERANCE, GridConjugateGradients, OnResidual

DEFAULTS = Smooth()
LAMBDAS = (1e-12, 1e6)  # below, rounding decides; above, the answer is the stage-one image
MUS = (0.0, 1e6)
RESIDUAL_LIMIT = 1e-8
REFINE = 1e-9
REFINEMENTS = 2


class ResidualError(ArithmeticError):
    """The solution does not solve the system to the accuracy that is promised."""


class System(Protocol):
    """A + lambda I, as each solver has it, with A = L + mu G as a stencil."""

    def assemble(self, stencil: Array) -> None:
        """Take this A, which may have been changed in place; `factorise` has to follow."""

    def factorise(self, lam: float) -> None:
        """Take this lambda."""

    def solve(self, planes: Array) -> Array:
        """Solve (A + lambda I) x = b for planes b (C, H, W)."""


class Seconds(NamedTuple):
    """Time of each step. A Smoother assembles and analyses once, and factors only for another lambda or mu (else 0)."""

    assemble: float
    analyse: float
    factor: float
    solve: float


class Smoothed(NamedTuple):
    """A smoothed image and how it came about."""

    image: NDArray[np.float32]
    """(H, W, 3), sRGB, not clipped: it may overshoot [0, 1] a little where the stage-one image saturates."""
    residual: float
    """max over channels of ||(L + mu G + lambda I) r - lambda (y - a)|| / ||lambda (y - a)||, of the float64 solution;
    at most 1e-8, or 1e-6 by conjugate gradients. The solution is off by no more than that, of ||y - a||."""
    seconds: Seconds
    estimated_bytes: int
    """The peak memory expected before the start."""
    solver: str
    """Which one ran, and why."""


def smooth(
    content: ArrayLike,
    stylized: ArrayLike,
    lam: float,
    mu: float = 0.0,
    anchor: ArrayLike | None = None,
    *,
    epsilon: float = DEFAULTS.epsilon,
    solver: Solver = DEFAULTS.solver,
    on_residual: OnResidual | None = None,
) -> Smoothed:
    """The image nearest to `stylized` that differs from the anchor as a photograph may, to the degree `lam` asks.

    content: (H, W, 3) floats in [0, 1], H and W at least 3. stylized: of the same shape, nominally [0, 1], at most 0.5
    outside. lam: sensibly from 1e-4 (the anchor) to 10 (nearly the stage-one image), accepted from 1e-12 to 1e6. mu:
    how even the difference is kept where the content is, from 0 to 1e6. anchor: of the content's shape (see
    `find_anchor`); without one, black. epsilon: as for `matting_laplacian`. solver: a sparse Cholesky factor
    ("cholesky", residual at most 1e-8), the same by MKL ("pardiso"), conjugate gradients ("cg", at most 1e-6), or the
    first for as long as memory holds it ("auto"). on_residual: told the number and the relative residual of each
    iteration of conjugate gradients.
    Raises TypeError, ValueError (see `check_image`), ModuleNotFoundError ("pardiso" without the extra `mkl`),
    NotEnoughMemoryError, NotPositiveDefiniteError, ResidualError, NotConvergedError. For several images, lambdas or mus
    on one content, use `Smoother`.
    """
    smoother = Smoother(content, epsilon=epsilon, solver=solver, on_residual=on_residual)
    return smoother.solve(stylized, lam, mu, anchor)


class Smoother:
    """Stage two for one content: assembled and analysed once, then solved for any stage-one image, lambda and mu."""

    def __init__(
        self,
        content: ArrayLike,
        *,
        epsilon: float = DEFAULTS.epsilon,
        solver: Solver = DEFAULTS.solver,
        on_residual: OnResidual | None = None,
    ) -> None:
        """Arguments and errors as for `smooth`."""
        image = check_image(content, "content", lowest=0.0, highest=1.0)
        self._shape = image.shape
        height, width = image.shape[:2]
        self.chosen = choose_solver(height, width, solver)
        start = perf_counter()
        analysis = grid_analysis(height, width) if self.chosen.solver != "cg" else None
        analysed = perf_counter()
        self._stencil = matting_stencil(image, epsilon)
        self._of_laplacian = self._stencil[:, SLOTS]
        self._of_gradients = gradient_stencil(image)
        assembled = perf_counter()
        self._system: System
        self._limit = RESIDUAL_LIMIT
        if analysis is None:
            colours = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
            self._system, self._limit = GridConjugateGradients(colours, on_residual), TOLERANCE
        elif self.chosen.solver == "pardiso":
            from stages.smooth.solvers.pardiso import GridPardiso

            self._system = GridPardiso(analysis)
        else:
            self._system = GridCholesky(analysis)
        analyse = analysed - start + perf_counter() - assembled
        self._seconds = Seconds(assemble=assembled - analysed, analyse=analyse, factor=0.0, solve=0.0)
        self._lam: float | None = None
        self._mu: float | None = None

    def solve(self, stylized: ArrayLike, lam: float, mu: float = 0.0, anchor: ArrayLike | None = None) -> Smoothed:
        """Smooth a stage-one image at this lambda and mu. Arguments and errors as for `smooth`."""
        y = self._planes(stylized, "stylized")
        a = np.zeros_like(y) if anchor is None else self._planes(anchor, "anchor")
        check_number(lam, "lambda", *LAMBDAS)
        check_number(mu, "mu", *MUS)
        start = perf_counter()
        self._factorise(lam, mu)
        factored = perf_counter()
        r, residual = self._refined_solution(y - a, lam)
        seconds = self._seconds._replace(factor=factored - start, solve=perf_counter() - factored)
        result = (a + r).transpose(1, 2, 0).astype(np.float32, order="C")
        return Smoothed(result, residual, seconds, self.chosen.estimated_bytes, self.chosen.why)

    def _factorise(self, lam: float, mu: float) -> None:
        """Take L + mu G + lambda I, unless it is the one already taken."""
        if (lam, mu) == (self._lam, self._mu):
            return
        self._lam = None
        if mu != self._mu:
            self._mu = None
            self._stencil[:, SLOTS] = self._of_laplacian + mu * self._of_gradients
            self._system.assemble(self._stencil)
            self._mu = mu
        self._system.factorise(lam)
        self._lam = lam

    def _planes(self, image: ArrayLike, name: str) -> Array:
        array = check_image(image, name, lowest=-0.5, highest=1.5)
        if array.shape != self._shape:
            raise ValueError(f"{name}: shape {array.shape}, the content's is {self._shape}; bring both to one size")
        return np.ascontiguousarray(array.transpose(2, 0, 1), np.float64)

    def _refined_solution(self, target: Array, lam: float) -> tuple[Array, float]:
        """r for y - a, both (3, H, W), and its relative residual; raises ResidualError if that stays above the limit.

        At lambda = 1e-7 rounding r to float64 costs a residual of 3e-9 by itself. Where a factor's first residual is
        above REFINE, r is therefore carried as a sum of two numbers (Demmel et al. 2006, extra-precise iterative
        refinement). Conjugate gradients have refined already, to their own tolerance.
        """
        scales = [lam * float(np.linalg.norm(plane)) or 1.0 for plane in target]  # a black channel has no error either
        planes, correction = self._system.solve(lam * target), np.zeros_like(target)
        enough = max(REFINE, self._limit if isinstance(self._system, GridConjugateGradients) else 0)
        for refinement in range(REFINEMENTS + 1):
            rest = lam * ((target - planes) - correction) - apply_stencil(self._stencil, planes)
            if refinement:
                rest -= apply_stencil(self._stencil, correction)
            residual = max(float(np.linalg.norm(plane)) / scale for plane, scale in zip(rest, scales, strict=True))
            if residual <= enough or refinement == REFINEMENTS:
                break
            correction += self._system.solve(rest)
        if not residual <= self._limit:
            raise ResidualError(
                f"relative residual {residual:.1e} at lambda = {lam:g}, at most {self._limit:g} is accepted: lambda "
                "is too small for double precision, or the solver's BLAS is faulty; try a larger lambda first"
            )
        return planes + correction, residual
