"""Stage two: smooth a stylized image so that it is a photograph again. numpy, numba and CHOLMOD; never torch."""

from stages.smooth.cholesky import NotEnoughMemoryError, NotPositiveDefiniteError, estimated_bytes
from stages.smooth.conjugate_gradients import TOLERANCE, NotConvergedError
from stages.smooth.matting_laplacian import affine_energy, matting_laplacian
from stages.smooth.smooth import ResidualError, Seconds, Smoothed, Smoother, smooth
from stages.smooth.upsample import upsample

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
    "matting_laplacian",
    "smooth",
    "upsample",
]
