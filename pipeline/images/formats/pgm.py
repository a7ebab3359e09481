"""PGM to values."""

import re

import numpy as np

from pipeline.images.raster import HEADER_UNREADABLE, ImageError, Raster, check_size, make_raster


def decode_pgm(data: bytes) -> Raster:
    """By hand: Pillow stretches values to 255, and class numbers would be others.

    Raises:
        ImageError: it is cut off, or says what can't be.
    """
    space = rb"(?:\s+(?:#[^\n]*\n)?)+"
    header = re.match(rb"P5" + space + rb"(\d{1,9})" + space + rb"(\d{1,9})" + space + rb"(\d{1,5})\s", data)
    if header is None:
        raise ImageError(HEADER_UNREADABLE)
    width, height, full = (int(number) for number in header.groups())
    check_size(width, height)
    if not width or not height or not 0 < full < 65536:
        raise ImageError(HEADER_UNREADABLE)
    dtype = np.dtype(np.uint8 if full < 256 else ">u2")
    values = np.frombuffer(data, dtype, min(width * height, (len(data) - header.end()) // dtype.itemsize), header.end())
    if len(values) < width * height:
        raise ImageError(f"damaged: cut off: {1 - len(values) / (width * height):.0%} of its pixels are missing")
    if values.max() > full:
        raise ImageError(f"damaged: holds {values.max()}, and says that {full} is the most")
    return make_raster(values.reshape(height, width).astype(dtype.newbyteorder("=")), float(full), 1)
