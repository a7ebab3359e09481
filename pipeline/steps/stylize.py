"""Stage one: the style, by optimisation over a network's features."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from pipeline.dataset.inputs import AT_WORK
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.steps.optimising import optimised
from pipeline.steps.step import STAGE_ONE_IMAGE, Made, Step, Work
from stages.arrays import Photo


def _make(work: Work) -> Made:
    from stages.stylize import stylize

    inputs = work.inputs
    result, facts = optimised(work, partial(stylize, inputs.content, inputs.style, settings=work.config.stylize))
    image = np.clip(result.image, 0, 1)
    outputs = {STAGE_ONE_IMAGE.file: encode_tiff(image), **_previews(image)}
    return Made(outputs, facts)


def _previews(image: Photo) -> Mapping[str, bytes]:
    return {"image.png": encode_png(image, 8)}


STYLIZE = Step(
    name="stylize",
    version=17,
    make=_make,
    outputs=(STAGE_ONE_IMAGE.file, "image.png"),
    inputs=AT_WORK,
    section="stylize",
    on_gpu=True,
    libraries=("numpy", "torch"),
    previews=_previews,
)
