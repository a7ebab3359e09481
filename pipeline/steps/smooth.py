"""Stage two: the photorealism, in closed form, from the stage-one image as it is."""

from pathlib import Path
from typing import Literal

from tifffile import TiffFile

from pipeline.dataset.inputs import AT_WORK
from pipeline.events.progress import Advance
from pipeline.settings.config import Config
from pipeline.steps.finishing import finished
from pipeline.steps.step import PROCESS, STAGE_ONE_IMAGE, TWO_STAGE_IMAGE, Made, Step, Work, little_memory


def _make(work: Work) -> Made:
    from stages.smooth import TOLERANCE, Smoother, find_anchor, find_target, mu_at_size

    inputs, settings, on_advance = work.inputs, work.config.smooth, work.on_advance
    assert work.start is not None  # the step starts from it
    smoother = Smoother(
        inputs.content,
        epsilon=settings.epsilon,
        solver=settings.solver,
        on_residual=lambda iteration, residual: on_advance(
            Advance(iteration, 0, f"residual {residual:.1e}, until {TOLERANCE:g}")
        ),
    )
    on_advance(Advance(0, 0, f"by {smoother.chosen.why}"))
    target, anchor = work.start, None
    if settings.anchor == "colour":
        anchor = find_anchor(inputs.content, inputs.style, inputs.regions)
        target = find_target(work.start, anchor, inputs.content, settings.emphasis, inputs.regions)
    mu = mu_at_size(settings.mu, *inputs.content.shape[:2])
    result = smoother.solve(target, settings.lam, mu, anchor)
    facts = {
        "device": "cpu",
        "solver": result.solver,
        "residual": result.residual,
        "step_seconds": result.seconds._asdict(),
    }
    return Made(finished(work, result.image), facts)


def _memory(folder: Path, config: Config, most: int) -> int:
    """Its own estimate, for the solver that will do; the step itself says what to do where that is too little."""
    from stages.smooth.solvers.choice import bytes_by_solver

    try:
        with TiffFile(STAGE_ONE_IMAGE.path(folder)) as file:  # its header alone is read
            height, width = file.pages[0].shape[:2]
    except (OSError, ValueError, IndexError):  # the step itself will say what is wrong with it
        return little_memory(folder, config, most)
    needs = {solver: PROCESS + need for solver, need in bytes_by_solver(height, width).items()}
    solver = config.smooth.solver
    if solver == "auto":
        solver = "cholesky" if needs["cholesky"] <= most else "cg"
    return min(needs[solver], most)


SMOOTH = Step(
    name="smooth",
    version=16,
    make=_make,
    outputs=(TWO_STAGE_IMAGE.file, "image.png"),
    inputs=AT_WORK,
    section="smooth",
    final=True,
    start=STAGE_ONE_IMAGE,
    memory=_memory,
    libraries=("numpy", "numba", "scikit-sparse"),
)


def smooth_at(dial: Literal["lam", "mu"], value: float) -> Step:
    """Stage two with one dial turned to a value, as a step of its own."""
    name = f"sweep/smooth_{value!r}" if dial == "lam" else f"sweep/smooth_{dial}_{value!r}"
    return SMOOTH._replace(name=name, dials=((dial, value),))
