"""The two-stage image carried up to the content's own size, depth and transparency."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.dataset.inputs import FULL_SIZE
from pipeline.images.encoding import FAST, Levels, encode_pixels, rounded
from pipeline.images.reading import read_original
from pipeline.steps.step import TWO_STAGE_IMAGE, Made, Step, Work
from stages.arrays import Photo


def _make(work: Work) -> Made:
    inputs, solved = work.inputs, work.start
    assert solved is not None  # the step starts from it
    assert inputs.full_size is not None  # the step is there for that size only
    photo, alpha, bits, *_ = read_original(inputs.full_size.file)
    enlarged = photo.shape != solved.shape
    pixels: npt.NDArray[Any] = carried_up(inputs.content, solved, photo, bits)
    del photo  # before there is a third copy of the picture
    if alpha is not None:
        pixels = np.dstack([pixels, rounded(alpha, bits)])
    made_from = f"colour maps of {solved.shape[1]}x{solved.shape[0]}" if enlarged else "the two-stage image as it is"
    facts = {"device": "cpu", "size": f"{pixels.shape[1]}x{pixels.shape[0]}", "bits": bits, "made_from": made_from}
    return Made({"image.png": encode_pixels(pixels, level=FAST)}, facts)


def carried_up(content: Photo, solved: Photo, photo: Photo, bits: int | None) -> Levels | Photo:
    """A small result at the photo's own size, (H, W, 3) levels of 8 or 16 bits; without bits floats, not clipped.

    content, solved: (h, w, 3). photo: (H, W, 3), of which the content is the small version; it may have colours beyond
    sRGB, outside [0, 1].
    """
    from stages.smooth import upsample

    if bits is None:
        return np.concatenate(list(upsample(content, solved, photo)))
    if photo.shape == solved.shape:
        return rounded(solved, bits)
    return np.concatenate([rounded(band, bits) for band in upsample(content, solved, photo)])


NATIVE = Step(
    name="native",
    version=1,
    make=_make,
    outputs=("image.png",),
    inputs=("content", FULL_SIZE),
    start=TWO_STAGE_IMAGE,
    libraries=("numpy", "numba"),
)
