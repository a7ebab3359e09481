"""JPEG to values."""

import io
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.images.formats.exif import read_exif
from pipeline.images.formats.jpeg_segments import take_apart
from pipeline.images.raster import ImageError, Raster, Space, check_size, make_raster

SPACES: dict[str, Space] = {"L": "grey", "RGB": "rgb", "CMYK": "cmyk"}
END = b"\xff\xd9"
FEW = 1e-3
"""Of the pixels: so many may be made up where the end is cut off."""
NOISE = np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()
"""Bytes that are no marker."""


def decode_jpeg(data: bytes) -> Raster:
    """Of 8 bits, grey, RGB or CMYK. One that lacks its end marker, or the last pixels, is read, and the latter told.

    Raises:
        ImageError: more of it is missing; or its colours are of another kind.
        Exception: the decoder's own, for damaged pixels.
    """
    jpeg = take_apart(data)
    exif = read_exif(jpeg.exif)
    notes: tuple[str, ...] = ()
    with Image.open(io.BytesIO(jpeg.pixels), formats=["JPEG"]) as image:
        check_size(*image.size)
        if image.mode not in SPACES:
            raise ImageError(f"its colours are {image.mode}: convert it to RGB")
        space = SPACES[image.mode]
    try:
        values = _decode(jpeg.pixels)
    except OSError:  # Pillow's, where the end is missing
        values, made_up = _decode_cut(jpeg.pixels)
        lost = np.count_nonzero(made_up)
        if lost > (0 if jpeg.progressive else FEW * made_up.size):
            raise ImageError(f"damaged: cut off: {lost / made_up.size:.0%} of its pixels are missing") from None
        if lost:
            notes = (f"cut off: its last {lost} of {made_up.size} pixels are made up",)
    profile = exif.profile if jpeg.profile is None else jpeg.profile
    raster = make_raster(values, 255.0, exif.orientation, space, profile=profile)
    return raster._replace(lossy=True, notes=notes, exif=jpeg.exif, xmp=jpeg.xmp)


def _decode(pixels: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(pixels), formats=["JPEG"]) as image:
        return np.asarray(image)


class _Cut(NamedTuple):
    values: npt.NDArray[np.uint8]
    made_up: npt.NDArray[Any]
    """H x W: which pixels the file does not hold."""


def _decode_cut(pixels: bytes) -> _Cut:
    """Ended in two ways: where both give the same, nothing of the pixel is missing."""
    rest = pixels.rstrip(b"\xff")
    values, other = (_decode(rest + tail + END) for tail in (b"", NOISE))
    differs = values != other
    return _Cut(values, differs if differs.ndim == 2 else differs.any(axis=2))
