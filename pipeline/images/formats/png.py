"""PNG to values."""

import io
import struct
from collections.abc import Mapping

import imagecodecs
import numpy as np
from PIL import Image

from pipeline.images.containers.exif import read_exif
from pipeline.images.containers.png_chunks import INDEXED, XMP, Png, take_apart
from pipeline.images.formats.png_colours import colours_of
from pipeline.images.raster import (
    MOST_MADE_UP,
    ImageError,
    Raster,
    check_size,
    made_up,
    make_raster,
    nearest_of_the_rest,
    upright,
)


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
    raster = raster._replace(
        bits=png.header.depth,
        notes=(*made_up(lost, values.shape), *_notes(png), *([colours.note] if colours.note else [])),
        exif=png.beside.get(b"eXIf"),
        xmp=_xmp(png.beside),
    )
    return _with_indices(raster, png, bare, orientation) if png.header.colour_type == INDEXED else raster


def _with_indices(raster: Raster, png: Png, bare: bytes, orientation: object) -> Raster:
    """With the palette's numbers; what few of them have no colour in it take that around them."""
    with Image.open(io.BytesIO(bare), formats=["PNG"]) as image:
        indices = upright(np.asarray(image), orientation)
    colours = next((len(content) // 3 for kind, content in png.pixels if kind == b"PLTE"), 0)
    outside = indices >= colours
    if not outside.any():
        return raster._replace(indices=indices)
    without = f"{np.count_nonzero(outside)} of {outside.size} pixels have no colour in its palette"
    if outside.mean() > MOST_MADE_UP:
        raise ImageError(f"damaged: {without}")
    at = nearest_of_the_rest(outside)
    notes = (*raster.notes, f"{without}: taken for what is around")
    return raster._replace(values=raster.values[at], indices=indices[at], notes=notes)


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
