"""The draft: a result in a second, without the network. It is stage two's anchor, which stage two would give back."""

from pipeline.dataset.inputs import AT_WORK
from pipeline.steps.finishing import finished
from pipeline.steps.step import Made, Step, Work
from stages.smooth.anchor import find_anchor


def _make(work: Work) -> Made:
    inputs = work.inputs
    anchor = find_anchor(inputs.content, inputs.style, inputs.regions)
    return Made(finished(work, anchor), {"device": "cpu", "regions": inputs.regions.count})


DRAFT = Step(
    name="draft",
    version=9,
    make=_make,
    outputs=("image16.png", "image.png"),
    inputs=AT_WORK,
    final=True,
    libraries=("numpy", "numba"),
)
