"""PNG to values."""

import io
import struct
import zlib
from collections.abc import Mapping

import imagecodecs
import numpy as np
from PIL import Image

from pipeline.images.containers.exif import read_exif
from pipeline.images.containers.png_chunks import (
    CHANNELS,
    CRITICAL,
    INDEXED,
    SIGNATURE,
    XMP,
    Header,
    Png,
    packed,
    take_apart,
)
from pipeline.images.formats.stated_colours import colours_of
from pipeline.images.raster import (
    HEADER_UNREADABLE,
    MOST_MADE_UP,
    ImageError,
    Raster,
    check_size,
    cut_off,
    made_up,
    make_raster,
    nearest_of_the_rest,
    upright,
)

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row of each pass of an interlaced image, and its steps."""
UP = b"\2"
"""The filter by which a row holds its differences from the one above it."""


def decode_png(data: bytes) -> Raster:
    """Of 1 to 16 bits, grey, RGB or of a palette, with or without transparency; of an animation the still image.

    Raises:
        ImageError: some of it is missing, damaged, or not to be read by anyone but its maker.
        Exception: the decoder's own, for damaged pixels.
    """
    png = take_apart(data)
    if png.own:
        raise ImageError(f"of a kind of its own (PNG with {png.own.decode('ascii')}): save it as plain PNG or JPEG")
    if png.header is None:
        raise ImageError(HEADER_UNREADABLE)
    if png.spoilt & CRITICAL:
        raise ImageError("damaged: the checksum of its palette is wrong")
    check_size(png.header.width, png.header.height)
    bare, lost = _bare(png, png.header)
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


def _bare(png: Png, header: Header) -> tuple[bytes, int]:
    """The same PNG, with nothing but its pixels, palette and transparency; and how many pixels were made up.

    Raises:
        ImageError: its pixels are damaged, or more of them are missing than can be made up.
    """
    chunks, lost = (png.pixels, 0) if png.whole else _mended(png, header)
    return SIGNATURE + b"".join(packed(kind, data) for kind, data in (*chunks, (b"IEND", b""))), lost


def _mended(png: Png, header: Header) -> tuple[list[tuple[bytes, bytes]], int]:
    """The chunks of one that is cut off or has wrong checksums, if the pixels' own stream is whole, or nearly so.

    A row that is missing repeats the one above it.
    """
    height, expected, inflate = header.height, _stream_bytes(header), zlib.decompressobj()
    try:
        stream = inflate.decompress(b"".join(data for kind, data in png.pixels if kind == b"IDAT"), expected)
        inflate.decompress(inflate.unconsumed_tail, 1)  # compares the stream's own checksum, if it is there
    except zlib.error as error:
        raise ImageError("damaged: the checksums of its pixels are wrong") from error
    row = expected // height
    lost = height - len(stream) // row
    if len(stream) < expected and (header.interlaced or lost > MOST_MADE_UP * height):
        raise cut_off(1 - len(stream) / expected)
    stream = stream[: (height - lost) * row] + (UP + bytes(row - 1)) * lost if lost else stream
    others = [(kind, data) for kind, data in png.pixels if kind != b"IDAT"]
    return [*others, (b"IDAT", zlib.compress(stream, 1))], lost * header.width


def _stream_bytes(header: Header) -> int:
    """How many bytes its pixels are before they are compressed; each row has one more."""
    bits = header.depth * CHANNELS[header.colour_type]
    passes = ADAM7 if header.interlaced else ((0, 0, 1, 1),)
    sizes = (
        (-(-(header.width - left) // across), -(-(header.height - top) // down)) for left, top, across, down in passes
    )
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)


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
