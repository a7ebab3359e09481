"""HEIC and AVIF to values: two codecs in one container (ISO/IEC 23008-12)."""

import io
import re
import struct

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image

from pipeline.images.containers.exif import read_exif
from pipeline.images.formats.stated_colours import Stated, coded_colours
from pipeline.images.raster import ImageError, Raster, check_size, make_raster

HEIC = rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)"
AVIF = rb"....ftypavi[fs]|....ftyp(mif1|msf1)....(....){0,8}avif"
"""The first bytes of each; the brand mif1 names the container alone, and then a further one tells."""


def decode_heic(data: bytes) -> Raster:
    """Of 8 to 12 bits, with or without transparency; of several images the primary one. libheif makes it upright.

    Raises:
        Exception: the decoder's own, for damaged ones.
    """
    images = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    check_size(*images.size)
    info, values = images.info, np.asarray(images)
    coding = _coding(data)
    raster = make_raster(
        values,
        float(2 ** info["bit_depth"] - 1) if values.dtype == np.uint16 else 255.0,
        1,
        premultiplied=images.mode.startswith("RGBa"),
        profile=info.get("icc_profile") or coding.profile,
        unreadable_colours=None if info.get("icc_profile") else coding.unreadable,
    )
    notes = (f"holds {len(images)} images: the primary one is taken",) if len(images) > 1 else ()
    return raster._replace(
        bits=info["bit_depth"], lossy=True, notes=notes, exif=info.get("exif"), xmp=info.get("xmp") or None
    )


def decode_avif(data: bytes) -> Raster:
    """Of 8 to 12 bits, with or without transparency; of an animation the first frame.

    Raises:
        Exception: the decoder's own, for damaged ones.
    """
    with Image.open(io.BytesIO(data), formats=["AVIF"]) as image:
        check_size(*image.size)
        info, frames, depth = image.info, getattr(image, "n_frames", 1), _avif_bits(data)
        deep = depth > 8 and frames == 1  # Pillow reads 10 bits as 8, imagecodecs ends the process on an animation
        values = imagecodecs.avif_decode(data) if deep else np.asarray(image)
    coding = _coding(data)
    raster = make_raster(
        values,
        float(2**depth - 1) if values.dtype == np.uint16 else 255.0,
        read_exif(info.get("exif")).orientation,  # made by Pillow from what the container says
        profile=info.get("icc_profile") or coding.profile,
        unreadable_colours=None if info.get("icc_profile") else coding.unreadable,
    )
    notes = (f"animated, of {frames} frames: the first is taken",) if frames > 1 else ()
    return raster._replace(bits=depth, lossy=True, notes=notes, exif=info.get("exif"), xmp=info.get("xmp"))


def _coding(data: bytes) -> Stated:
    """What the container says of the colours in numbers."""
    found = re.search(rb"colrnclx(....)", data[: data.find(b"mdat")], re.DOTALL)
    return coded_colours(*struct.unpack(">HH", found[1])) if found else Stated()


def _avif_bits(data: bytes) -> int:
    at = data.find(b"av1C")
    if at < 0 or at + 7 > len(data):
        raise ImageError("damaged: its header can't be read")
    return 8 if not data[at + 6] & 0x40 else 12 if data[at + 6] & 0x20 else 10
