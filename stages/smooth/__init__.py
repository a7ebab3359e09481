"""Stage two: smooth a stylized image so that it is a photograph again. numpy, numba and CHOLMOD; never torch."""

from stages.smooth.anchor import find_anchor
from stages.smooth.gradient_laplacian import mu_at_size
from stages.smooth.matting_laplacian import affine_energy
from stages.smooth.solve import ResidualError, Seconds, Smoothed, Smoother, smooth
from stages.smooth.solvers.cholesky import NotEnoughMemoryError, NotPositiveDefiniteError, estimated_bytes
from stages.smooth.solvers.conjugate_gradients import TOLERANCE, NotConvergedError
from stages.smooth.target import find_target
from stages.smooth.upsampling import upsample

__all__ = [
    "TOLERANCE",
    "NotConvergedError",
    "NotEnoughMemoryError",
    "NotPositiveDefiniteError",
    "ResidualError",
    "Seconds",
    "Smoothed",
    "Smoother",
    "affine_energy",
    "estimated_bytes",
    "find_anchor",
    "find_target",
    "mu_at_size",
    "smooth",
    "upsample",
]
