"""PNG to values."""

import io
import struct
from collections.abc import Mapping

import imagecodecs
import numpy as np
from PIL import Image

from pipeline.images.formats.exif import read_exif
from pipeline.images.formats.png_chunks import INDEXED, XMP, Png, take_apart
from pipeline.images.formats.png_colours import colours_of
from pipeline.images.raster import Raster, check_size, made_up, make_raster, upright


def decode_png(data: bytes) -> Raster:
    """Of 1 to 16 bits, grey, RGB or of a palette, with or without transparency; of an animation the still image.

    Raises:
        ImageError: some of it is missing, damaged, or not to be read by anyone but its maker.
        Exception: the decoder's own, for damaged pixels.
    """
    png = take_apart(data)
    check_size(png.header.width, png.header.height)
    bare, lost = png.bare()
    values = imagecodecs.png_decode(bare)  # Pillow reads 16-bit colour as 8-bit
    orientation = read_exif(png.beside.get(b"eXIf")).orientation
    colours = colours_of(png.beside, grey=values.ndim == 2 or values.shape[2] < 3)
    raster = make_raster(
        values,
        float(np.iinfo(values.dtype).max),
        orientation,
        profile=colours.profile,
        unreadable_colours=colours.unreadable,
    )
    return raster._replace(
        indices=_indices(bare, orientation) if png.header.colour_type == INDEXED else None,
        bits=png.header.depth,
        notes=(*made_up(lost, values.shape), *_notes(png), *([colours.note] if colours.note else [])),
        exif=png.beside.get(b"eXIf"),
        xmp=_xmp(png.beside),
    )


def _indices(bare: bytes, orientation: object) -> np.ndarray:
    with Image.open(io.BytesIO(bare), formats=["PNG"]) as image:
        return upright(np.asarray(image), orientation)


def _xmp(beside: Mapping[bytes, bytes]) -> bytes | None:
    """The text behind keyword, two flags, language and translated keyword; a compressed one is passed over."""
    keyword, compressed, rest = (text := beside.get(XMP, b""))[: len(XMP)], text[len(XMP) :][:1], text[len(XMP) + 2 :]
    return rest.split(b"\0", 2)[-1] if keyword and compressed == b"\0" else None


def _notes(png: Png) -> list[str]:
    frames = png.beside.get(b"acTL", b"")
    animated = len(frames) == 8 and struct.unpack(">II", frames)[0] > 1
    notes = [f"animated, of {struct.unpack('>II', frames)[0]} frames: its still image is taken"] if animated else []
    if png.spoilt & {b"iCCP", b"cICP", b"gAMA", b"cHRM", b"sRGB"}:
        notes.append("the checksum of what it says about its colours is wrong: taken for sRGB")
    if b"tRNS" in png.spoilt:
        notes.append("the checksum of its transparency is wrong: taken for opaque")
    return notes
