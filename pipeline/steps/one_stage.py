"""The paper's one-stage method, to compare with: both terms in one optimisation."""

from pipeline.dataset.inputs import AT_WORK
from pipeline.steps.optimising import facts_of, noting, telling
from pipeline.steps.step import STAGE_ONE_IMAGE, Made, Step, Work


def _make(work: Work) -> Made:
    from stages.smooth.matting_laplacian import matting_laplacian
    from stages.stylize import onestage

    inputs, start, note = work.inputs, work.start, noting(work.on_advance)
    assert start is not None  # the step starts from it
    laplacian = matting_laplacian(inputs.content)
    result, encoder = work.network.compute(
        lambda encoder: onestage(
            inputs.content,
            inputs.style,
            start,
            laplacian,
            encoder,
            regions=inputs.regions,
            settings=work.config.onestage,
            on_iterate=telling(work.on_advance),
            on_note=note,
        ),
        note,
    )
    facts = {"start": STAGE_ONE_IMAGE.name} | facts_of(result, inputs.regions, encoder)
    return Made(work.finished(result.image), facts)


ONESTAGE = Step(
    name="onestage",
    version=6,
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
