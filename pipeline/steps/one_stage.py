"""The paper's one-stage method, to compare with: both terms in one optimisation."""

from functools import partial

from pipeline.dataset.inputs import AT_WORK
from pipeline.steps.finishing import finished
from pipeline.steps.optimising import optimised
from pipeline.steps.step import STAGE_ONE_IMAGE, Made, Step, Work


def _make(work: Work) -> Made:
    from stages.smooth.matting_laplacian import matting_laplacian
    from stages.stylize import onestage

    inputs, start = work.inputs, work.start
    assert start is not None  # the step starts from it
    laplacian, settings = matting_laplacian(inputs.content), work.config.onestage
    method = partial(onestage, inputs.content, inputs.style, start, laplacian, settings=settings)
    result, facts = optimised(work, method)
    return Made(finished(work, result.image), {"start": STAGE_ONE_IMAGE.name} | facts)


ONESTAGE = Step(
    name="onestage",
    version=7,
    make=_make,
    outputs=("image16.png", "image.png"),
    inputs=AT_WORK,
    section="onestage",
    final=True,
    start=STAGE_ONE_IMAGE,
    on_gpu=True,
    compared_only=True,
    libraries=("numpy", "torch", "numba"),
)
