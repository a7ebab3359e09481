"""The two-stage image carried up to the content's own size, depth and transparency."""

import numpy as np

from pipeline.dataset.inputs import FULL_SIZE
from pipeline.images.encoding import FAST, encode_pixels, rounded
from pipeline.images.photos import read_original
from pipeline.steps.smooth import TWO_STAGE_IMAGE
from pipeline.steps.step import Made, Step, Work


def _make(work: Work) -> Made:
    from stages.smooth import upsample

    inputs, solved = work.inputs, work.start
    assert solved is not None  # the step starts from it
    assert inputs.full_size is not None  # the step is there for that size only
    photo, alpha, bits, _ = read_original(inputs.full_size.file)
    enlarged = photo.shape != solved.shape
    pixels = np.empty((*photo.shape[:2], 3 if alpha is None else 4), np.uint8 if bits == 8 else np.uint16)
    top = 0
    for band in upsample(inputs.content, solved, photo) if enlarged else [solved]:
        pixels[top : top + len(band), :, :3] = rounded(band, bits)
        top += len(band)
    if alpha is not None:
        pixels[..., 3] = rounded(alpha, bits)
    del photo  # before there is a third copy of the picture
    made_from = f"colour maps of {solved.shape[1]}x{solved.shape[0]}" if enlarged else "the two-stage image as it is"
    facts = {"device": "cpu", "size": f"{pixels.shape[1]}x{pixels.shape[0]}", "bits": bits, "made_from": made_from}
    return Made({"image.png": encode_pixels(pixels, level=FAST)}, facts)


NATIVE = Step(
    name="native",
    version=1,
    make=_make,
    outputs=("image.png",),
    inputs=("content", FULL_SIZE),
    start=TWO_STAGE_IMAGE,
    libraries=("numpy", "numba"),
)
