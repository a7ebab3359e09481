"""Stage two: the photorealism constraint in closed form.

Minimise  sum_c  x_c^T L x_c + lambda ||x_c - y_c||^2  over images x, for the stage-one image y and the Matting
Laplacian L of the content: (L + lambda I) x_c = lambda y_c, three right-hand sides for one factor. FastPhotoStyle's
smoothing (Li et al. 2018) is the same with lambda = 9 (1 - beta) / beta, away from the border.
"""

from time import perf_counter
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.settings import Smooth, Solver
from stages.smooth.checks import check_image, check_number
from stages.smooth.matting_laplacian import apply_stencil, matting_stencil
from stages.smooth.solvers.choice import choose_solver
from stages.smooth.solvers.cholesky import GridCholesky, grid_analysis
from stages.smooth.solvers.conjugate_gradients import TOLERANCE, GridConjugateGradients, OnResidual

DEFAULTS = Smooth()
LAMBDAS = (1e-12, 1e6)  # below, rounding decides; above, the answer is the stage-one image
RESIDUAL_LIMIT = 1e-8
REFINE = 1e-9
REFINEMENTS = 2

Planes: TypeAlias = NDArray[np.float64]


class ResidualError(ArithmeticError):
    """The solution does not solve the system to the accuracy that is promised."""


class System(Protocol):
    """L + lambda I for one stencil, as each solver has it."""

    def factorise(self, lam: float) -> None:
        """Take this lambda."""

    def solve(self, planes: Planes) -> Planes:
        """Solve (L + lambda I) x = b for planes b (C, H, W)."""


class Seconds(NamedTuple):
    """Time of each step. A Smoother assembles and analyses once, and factors again only for another lambda (else 0)."""

    assemble: float
    analyse: float
    factor: float
    solve: float


class Smoothed(NamedTuple):
    """A smoothed image and how it came about."""

    image: NDArray[np.float32]
    """H x W x 3, sRGB, not clipped: it may overshoot [0, 1] a little where the stage-one image saturates."""
    residual: float
    """max over channels of ||(L + lambda I) x - lambda y|| / ||lambda y||, of the float64 solution; at most 1e-8, or
    1e-6 by conjugate gradients. The solution is off by no more than that, of ||y||."""
    seconds: Seconds
    estimated_bytes: int
    """The peak memory expected before the start."""
    solver: str
    """Which one ran, and why."""


def smooth(
    content: ArrayLike,
    stylized: ArrayLike,
    lam: float,
    *,
    epsilon: float = DEFAULTS.epsilon,
    solver: Solver = DEFAULTS.solver,
    on_residual: OnResidual | None = None,
) -> Smoothed:
    """The image nearest to `stylized` that is locally an affine map of the content's colours, to the degree `lam` asks.

    content: H x W x 3 floats in [0, 1], H and W at least 3. stylized: of the same shape, nominally [0, 1], at most 0.5
    outside. lam: sensibly from 1e-7 (the content's structure) to 1 (nearly the stage-one image), accepted from 1e-12 to
    1e6. epsilon: as for `matting_laplacian`. solver: a sparse Cholesky factor ("cholesky", residual at most 1e-8),
    the same by MKL ("pardiso"), conjugate gradients ("cg", at most 1e-6), or the first for as long as memory holds it
    ("auto"). on_residual: told the number and the relative residual of each iteration of conjugate gradients.
    Raises TypeError, ValueError (see `check_image`), ModuleNotFoundError ("pardiso" without the extra `mkl`),
    NotEnoughMemoryError, NotPositiveDefiniteError, ResidualError, NotConvergedError. For several images or lambdas on
    one content, use `Smoother`.
    """
    return Smoother(content, epsilon=epsilon, solver=solver, on_residual=on_residual).solve(stylized, lam)


class Smoother:
    """Stage two for one content: assembled and analysed once, then solved for any stage-one image and lambda."""

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
        assembled = perf_counter()
        self._system: System
        self._limit = RESIDUAL_LIMIT
        if analysis is None:
            colours = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
            self._system, self._limit = GridConjugateGradients(colours, self._stencil, on_residual), TOLERANCE
        elif self.chosen.solver == "pardiso":
            from stages.smooth.solvers.pardiso import GridPardiso

            self._system = GridPardiso(analysis, self._stencil)
        else:
            self._system = GridCholesky(analysis, self._stencil)
        analyse = analysed - start + perf_counter() - assembled
        self._seconds = Seconds(assemble=assembled - analysed, analyse=analyse, factor=0.0, solve=0.0)
        self._lam: float | None = None

    def solve(self, stylized: ArrayLike, lam: float) -> Smoothed:
        """Smooth a stage-one image at this lambda. Arguments and errors as for `smooth`."""
        image = check_image(stylized, "stylized", lowest=-0.5, highest=1.5)
        if image.shape != self._shape:
            raise ValueError(f"stylized: shape {image.shape}, the content's is {self._shape}; bring both to one size")
        check_number(lam, "lambda", *LAMBDAS)
        start = perf_counter()
        if lam != self._lam:
            self._lam = None
            self._system.factorise(lam)
            self._lam = lam
        factored = perf_counter()
        target = np.ascontiguousarray(image.transpose(2, 0, 1), np.float64)
        planes, residual = self._refined_solution(target, lam)
        seconds = self._seconds._replace(factor=factored - start, solve=perf_counter() - factored)
        result = planes.transpose(1, 2, 0).astype(np.float32, order="C")
        return Smoothed(result, residual, seconds, self.chosen.estimated_bytes, self.chosen.why)

    def _refined_solution(self, target: Planes, lam: float) -> tuple[Planes, float]:
        """x for y, both (3, H, W), and its relative residual; raises ResidualError where that stays above the limit.

        At lambda = 1e-7 rounding x to float64 costs a residual of 3e-9 by itself. Where a factor's first residual is
        above REFINE, x is therefore carried as a sum of two numbers (Demmel et al. 2006, extra-precise iterative
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
