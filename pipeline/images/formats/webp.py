"""WebP to values."""

import io

import numpy as np
from PIL import Image

from pipeline.images.containers.exif import read_exif
from pipeline.images.containers.webp_chunks import take_apart
from pipeline.images.raster import HEADER_UNREADABLE, ImageError, Raster, check_size, make_raster


def decode_webp(data: bytes) -> Raster:
    """With or without transparency; of an animation the first frame.

    Raises:
        ImageError: it is cut off within its pixels, or holds none.
        Exception: the decoder's own, for damaged ones.
    """
    webp = take_apart(data)
    if webp is None:
        raise ImageError(HEADER_UNREADABLE)
    if webp.missing:
        raise ImageError(f"damaged: cut off: {webp.missing} bytes of its pixels are missing")
    exif = read_exif(webp.exif)
    with Image.open(io.BytesIO(webp.pixels), formats=["WEBP"]) as image:
        check_size(*image.size)
        raster = make_raster(np.asarray(image), 255.0, exif.orientation, profile=webp.profile or exif.profile)
    notes = (f"animated, of {webp.frames} frames: the first is taken",) if webp.frames > 1 else ()
    return raster._replace(lossy=b"VP8L" not in webp.pixels, notes=notes, exif=webp.exif, xmp=webp.xmp)
