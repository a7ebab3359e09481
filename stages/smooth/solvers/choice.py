"""Which solver takes an image: the Cholesky factor for as long as memory holds it, then conjugate gradients."""

from typing import Literal, NamedTuple, TypeAlias

from stages.free_memory import free_memory
from stages.settings import Solver
from stages.smooth.solvers import cholesky, conjugate_gradients
from stages.smooth.solvers.cholesky import NotEnoughMemoryError

NAMES = {"cholesky": "Cholesky factor", "pardiso": "MKL's PARDISO", "cg": "conjugate gradients"}

PARDISO_BYTES, PARDISO_BYTES_PER_PIXEL = 60_000_000, 500  # beyond CHOLMOD: MKL's libraries and its analysis, measured
Method: TypeAlias = Literal["cholesky", "pardiso", "cg"]


class Choice(NamedTuple):
    """A solver, the memory that it is expected to take, and why it was chosen, in words."""

    solver: Method
    estimated_bytes: int
    why: str


def bytes_by_solver(height: int, width: int) -> dict[Method, int]:
    """Peak memory of stage two on an image of this size, by each solver."""
    by_cholmod = cholesky.estimated_bytes(height, width)
    return {
        "cholesky": by_cholmod,
        "pardiso": by_cholmod + PARDISO_BYTES + PARDISO_BYTES_PER_PIXEL * height * width,
        "cg": conjugate_gradients.estimated_bytes(height, width),
    }


def choose_solver(height: int, width: int, asked: Solver) -> Choice:
    """The solver for an image of this size and the memory that is free.

    Raises NotEnoughMemoryError where neither, or not the one that was asked for, would fit.
    """
    free = free_memory()
    needs = bytes_by_solver(height, width)
    chosen: Method = asked if asked != "auto" else "cholesky" if needs["cholesky"] <= free else "cg"
    need = needs[chosen]
    if need > free:
        edge = int(max(height, width) * (free / need) ** 0.5)
        other = ", or `cg` as the solver" if chosen != "cg" and needs["cg"] <= free else ""
        raise NotEnoughMemoryError(
            f"smoothing {height} x {width} pixels needs about {need / 1e9:.1f} GB by {NAMES[chosen]}, "
            f"{free / 1e9:.1f} GB are free: close other programs, "
            f"or bring the image down to about {edge} pixels along its longer edge{other}"
        )
    reason = (
        "as asked"
        if asked != "auto"
        else f"{need / 1e9:.1f} GB fit into the {free / 1e9:.1f} GB that are free"
        if chosen == "cholesky"
        else f"a Cholesky factor would need {needs['cholesky'] / 1e9:.1f} GB, {free / 1e9:.1f} GB are free"
    )
    return Choice(chosen, need, f"{NAMES[chosen]}: {reason}")
