"""PNG to values."""

import io
import struct
import zlib
from collections.abc import Mapping

import imagecodecs
import numpy as np
from PIL import Image

from pipeline.images.formats.exif import read_exif
from pipeline.images.formats.png_chunks import INDEXED, XMP, Png, take_apart
from pipeline.images.raster import Raster, check_size, make_raster, upright

SRGB_GAMMA = 0.45455
SRGB_CHROMATICITIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
SRGB_CODING = b"\x01\x0d\x00\x01"
"""In a PNG's cICP chunk: BT.709's primaries, sRGB's transfer function, RGB, full range (ITU-T H.273)."""
LARGEST_PROFILE = 16_000_000
"""Bytes. No printer's profile is as large; what is inflates without end."""


def decode_png(data: bytes) -> Raster:
    """Of 1 to 16 bits, grey, RGB or of a palette, with or without transparency; of an animation the still image.

    Raises:
        ImageError: some of it is missing, damaged, or not to be read by anyone but its maker.
        Exception: the decoder's own, for damaged pixels.
    """
    png = take_apart(data)
    check_size(png.header.width, png.header.height)
    bare = png.bare()
    values = imagecodecs.png_decode(bare)  # Pillow reads 16-bit colour as 8-bit
    orientation = read_exif(png.beside.get(b"eXIf")).orientation
    grey = values.ndim == 2 or values.shape[2] < 3
    raster = make_raster(
        values,
        float(np.iinfo(values.dtype).max),
        orientation,
        profile=_profile(png.beside),
        unreadable_colours=_other_colours(png.beside, grey=grey),
    )
    return raster._replace(
        indices=_indices(bare, orientation) if png.header.colour_type == INDEXED else None,
        bits=png.header.depth,
        notes=tuple(_notes(png)),
        exif=png.beside.get(b"eXIf"),
        xmp=_xmp(png.beside),
    )


def _indices(bare: bytes, orientation: object) -> np.ndarray:
    with Image.open(io.BytesIO(bare), formats=["PNG"]) as image:
        return upright(np.asarray(image), orientation)


def _profile(beside: Mapping[bytes, bytes]) -> bytes | None:
    """The ICC profile; empty where it can't be got out of its chunk."""
    if b"iCCP" not in beside or b"cICP" in beside:
        return None
    _, _, rest = beside[b"iCCP"].partition(b"\0")
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(rest[1:], LARGEST_PROFILE)
    except zlib.error:
        return b""
    return profile if inflate.eof else b""


def _xmp(beside: Mapping[bytes, bytes]) -> bytes | None:
    """The text behind keyword, two flags, language and translated keyword; a compressed one is passed over."""
    keyword, compressed, rest = (text := beside.get(XMP, b""))[: len(XMP)], text[len(XMP) :][:1], text[len(XMP) + 2 :]
    return rest.split(b"\0", 2)[-1] if keyword and compressed == b"\0" else None


def _other_colours(beside: Mapping[bytes, bytes], *, grey: bool) -> str | None:
    """Why a PNG's colours can't be read as sRGB. Of cICP, iCCP, sRGB, gAMA with cHRM, the first counts (PNG 3)."""
    coding, gamma, primaries = (beside.get(kind, b"") for kind in (b"cICP", b"gAMA", b"cHRM"))
    if len(coding) == 4:
        return None if coding == SRGB_CODING else f"its colours are coded as {'-'.join(map(str, coding))} (cICP)"
    if b"iCCP" in beside or b"sRGB" in beside:
        return None
    if len(gamma) == 4 and (value := struct.unpack(">I", gamma)[0] / 1e5) and abs(value - SRGB_GAMMA) > 0.01:
        return f"its gamma is {value:g}, sRGB's {SRGB_GAMMA:g}"
    if len(primaries) == 32 and not grey:
        values = [value / 1e5 for value in struct.unpack(">8I", primaries)]
        if any(values) and max(abs(a - b) for a, b in zip(values, SRGB_CHROMATICITIES, strict=True)) > 0.01:
            return "its primary colours (cHRM) are not sRGB's"
    return None


def _notes(png: Png) -> list[str]:
    frames = png.beside.get(b"acTL", b"")
    animated = len(frames) == 8 and struct.unpack(">II", frames)[0] > 1
    notes = [f"animated, of {struct.unpack('>II', frames)[0]} frames: its still image is taken"] if animated else []
    if png.spoilt & {b"iCCP", b"cICP", b"gAMA", b"cHRM", b"sRGB"}:
        notes.append("the checksum of what it says about its colours is wrong: taken for sRGB")
    if b"tRNS" in png.spoilt:
        notes.append("the checksum of its transparency is wrong: taken for opaque")
    return notes
