"""PNG, JPEG, TIFF and PGM files to values as they stand in the file, upright, or refused with the reason."""

import io
import struct
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, UnidentifiedImageError

from pipeline.store.files import read_file

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm"})
MAX_PIXELS = 150_000_000
"""A header that promises more is taken for a decompression bomb."""
MAX_PAGES = 64
"""A TIFF holds a photo, its thumbnail and smaller versions, and hardly more."""

EXIF_ORIENTATION = 274
EXIF_IFD, EXIF_COLOUR_SPACE, UNCALIBRATED = 0x8769, 0xA001, 0xFFFF
INTEROPERABILITY_IFD, INTEROPERABILITY_INDEX, ADOBE_RGB = 0xA005, 1, "R03"

SRGB_GAMMA = 0.45455
SRGB_CHROMATICITIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
SRGB_CODING = b"\x01\x0d\x00\x01"
"""In a PNG's cICP chunk: BT.709's primaries, sRGB's transfer function, RGB, full range (ITU-T H.273)."""

Space = Literal["grey", "rgb", "cmyk"]
CHANNELS: dict[Space, int] = {"grey": 1, "rgb": 3, "cmyk": 4}
TIFF_SPACES: dict[str, tuple[Space, int]] = {
    "MINISBLACK": ("grey", 1),
    "MINISWHITE": ("grey", 1),
    "PALETTE": ("rgb", 1),
    "RGB": ("rgb", 3),
    "YCBCR": ("rgb", 3),
    "SEPARATED": ("cmyk", 4),
}
"""What the pixels of a TIFF mean, and how many channels say it."""


class ImageError(ValueError):
    """An image that cannot be read faithfully: the message names the file and the reason."""


class Raster(NamedTuple):
    """An image file's values, upright, with what is needed to understand them."""

    values: npt.NDArray[Any]
    """H x W x C: channels of colour, 1 (grey), 3 (RGB) or 4 (CMYK, all ink the largest), and perhaps alpha."""
    full: float
    """The largest value."""
    space: Space
    has_alpha: bool
    premultiplied: bool
    """Whether the colours are multiplied by alpha."""
    profile: bytes | None
    """The ICC profile, where the file has one or names one."""
    unreadable_colours: str | None
    """What is known of the colours where they are not sRGB's and nobody says how to convert them."""
    indices: npt.NDArray[np.uint8] | None = None
    """H x W, into the palette of a PNG that has one."""


def read_raster(path: Path) -> Raster:
    """Decodes a file; the kind is known by its first bytes, not by its name.

    Raises:
        ImageError: unreadable, damaged, of another kind, too large, animated, of several pages.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from error
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        decode = _read_tiff
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        decode = _read_png
    elif data[:3] == b"\xff\xd8\xff":
        decode = _read_jpeg
    elif data[:2] == b"P5":
        decode = _read_pgm
    else:
        raise ImageError(f"{path}: {_what_else(data)}: only PNG, JPEG and TIFF are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on large images: _check_size decides
            return decode(data, path)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: {_too_large()}") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: damaged: its header can't be read") from error
    except MemoryError as error:
        raise ImageError(f"{path}: too large for the memory that is left: make it smaller") from error
    except Exception as error:  # each decoder has its own classes for a damaged file
        reason = str(error).strip() or type(error).__name__
        raise ImageError(f"{path}: damaged or not fully supported ({reason})") from error


def _what_else(data: bytes) -> str:
    return "an empty file" if not data else "of another kind"


def _read_png(data: bytes, path: Path) -> Raster:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as header:
        _check_size(header.size, path)
        if getattr(header, "n_frames", 1) > 1:
            raise ImageError(f"{path}: animated, of {getattr(header, 'n_frames', 1)} frames: a photo is one")
        orientation, profile = header.getexif().get(EXIF_ORIENTATION, 1), header.info.get("icc_profile")
        indices = _upright(np.asarray(header), orientation) if header.mode == "P" else None
    values = imagecodecs.png_decode(data)  # Pillow reads 16-bit colour as 8-bit
    largest = float(np.iinfo(values.dtype).max)
    raster = _raster(values, largest, orientation, profile=profile, unreadable_colours=_png_colours(data))
    return raster._replace(indices=indices)


def _png_colours(data: bytes) -> str | None:
    """Why a PNG's colours can't be read as sRGB. Of cICP, iCCP, sRGB, gAMA with cHRM, the first counts (PNG 3)."""
    chunks = dict(_png_header(data))
    if coding := chunks.get(b"cICP"):
        return None if coding == SRGB_CODING else f"its colours are coded as {'-'.join(map(str, coding))} (cICP)"
    if b"iCCP" in chunks or b"sRGB" in chunks:
        return None
    if gamma := chunks.get(b"gAMA"):
        (value,) = struct.unpack(">I", gamma)
        if abs(value / 1e5 - SRGB_GAMMA) > 0.01:
            return f"its gamma is {value / 1e5:g}, sRGB's {SRGB_GAMMA:g}"
    if primaries := chunks.get(b"cHRM"):
        values = [value / 1e5 for value in struct.unpack(">8I", primaries)]
        if max(abs(a - b) for a, b in zip(values, SRGB_CHROMATICITIES, strict=True)) > 0.01:
            return "its primary colours (cHRM) are not sRGB's"
    return None


def _png_header(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A PNG's chunks before the pixels."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            return
        yield kind, data[at + 8 : at + 8 + length]
        at += length + 12


def _read_jpeg(data: bytes, path: Path) -> Raster:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        _check_size(image.size, path)
        spaces: dict[str, Space] = {"L": "grey", "RGB": "rgb", "CMYK": "cmyk"}
        if image.mode not in spaces:
            raise ImageError(f"{path}: its colours are {image.mode}: convert it to RGB")
        values, exif = np.asarray(image), image.getexif()
        profile = image.info.get("icc_profile") or _profile_named(exif)
        return _raster(values, 255.0, exif.get(EXIF_ORIENTATION, 1), spaces[image.mode], profile=profile)


def _profile_named(exif: Image.Exif) -> bytes | None:
    """Adobe RGB, where a camera says so as DCF 2.0 has it: without a profile."""
    uncalibrated = exif.get_ifd(EXIF_IFD).get(EXIF_COLOUR_SPACE) == UNCALIBRATED
    adobe = exif.get_ifd(INTEROPERABILITY_IFD).get(INTEROPERABILITY_INDEX) == ADOBE_RGB
    return bytes(imagecodecs.cms_profile("adobergb")) if uncalibrated and adobe else None


def _read_pgm(data: bytes, path: Path) -> Raster:
    with Image.open(io.BytesIO(data), formats=["PPM"]) as image:
        _check_size(image.size, path)
        if image.mode != "L":
            raise ImageError(f"{path}: its values are {image.mode}: a PGM mask has 8 bits")
        return _raster(np.asarray(image), 255.0, 1)


def _read_tiff(data: bytes, path: Path) -> Raster:
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        listed = list(islice(tiff.pages, MAX_PAGES + 1))  # the list may lead back to its start
        if len(listed) > MAX_PAGES:
            raise ImageError(f"{path}: holds more than {MAX_PAGES} pages: a photo is one")
        pages = [page for page in listed if isinstance(page, tifffile.TiffPage) and not page.is_reduced]
        if len(pages) != 1:
            raise ImageError(f"{path}: holds {len(pages)} pages: a photo is one")
        page = pages[0]
        _check_size((page.imagewidth, page.imagelength), path)
        kind = tifffile.PHOTOMETRIC(page.photometric).name
        if kind not in TIFF_SPACES:
            raise ImageError(f"{path}: its colours are {kind}: convert it to RGB")
        if kind == "YCBCR" and tifffile.COMPRESSION(page.compression).name not in ("JPEG", "OJPEG"):
            raise ImageError(f"{path}: its colours are YCbCr outside of JPEG: convert it to RGB")
        space, channels = TIFF_SPACES[kind]
        if page.samplesperpixel > channels + 1:
            raise ImageError(f"{path}: has {page.samplesperpixel} channels: a photo has {channels} and perhaps alpha")
        if page.axes not in ("YX", "YXS", "SYX"):
            raise ImageError(f"{path}: its axes are {page.axes}: a photo has height, width and colour")
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        full = 1.0 if values.dtype.kind == "f" else float(2**page.bitspersample - 1)
        if page.colormap is not None:  # of 16 bits by the standard, of 8 as everybody writes and reads it
            values, full = np.moveaxis((page.colormap >> 8).astype(np.uint8)[:, values], 0, -1), 255.0
        if kind == "MINISWHITE":
            values = (np.asarray(full, values.dtype) - values).astype(values.dtype)
        alpha = tifffile.EXTRASAMPLE(page.extrasamples[0]).name if page.extrasamples else None
        if alpha == "UNSPECIFIED":  # a selection, say, but no transparency: the standard has readers skip it
            values = values[..., :channels]
        return _raster(
            values,
            full,
            page.tags.valueof(EXIF_ORIENTATION, 1),
            space,
            premultiplied=alpha == "ASSOCALPHA",
            profile=page.iccprofile,
        )


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path}: {width}x{height}: {_too_large()}")


def _too_large() -> str:
    return f"more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller"


def _raster(
    values: npt.NDArray[Any],
    full: float,
    orientation: object,
    space: Space | None = None,
    *,
    premultiplied: bool = False,
    profile: bytes | None = None,
    unreadable_colours: str | None = None,
) -> Raster:
    """With what follows from the number of channels; where no space is given, three or four are RGB."""
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 5 or values.dtype.kind not in "biuf":
        raise ValueError(f"values of type {values.dtype} and shape {values.shape} are not a photo")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if space is None:
        space = "rgb" if values.shape[2] > 2 else "grey"
    colours = CHANNELS[space]
    if values.shape[2] not in (colours, colours + 1):
        raise ValueError(f"{values.shape[2]} channels are not {space.upper()}")
    if space == "cmyk" and not profile:
        unreadable_colours = "its colours are CMYK, without a profile that says which inks"
    has_alpha = values.shape[2] > colours
    return Raster(
        _upright(values, orientation), full, space, has_alpha, premultiplied, profile or None, unreadable_colours
    )


def _upright(values: npt.NDArray[Any], orientation: object) -> npt.NDArray[Any]:
    """Undoes the eight EXIF orientations; an unknown one is upright."""
    code = orientation if isinstance(orientation, int) else 1
    if code in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if code in (2, 3, 6, 7):
        values = values[:, ::-1]
    if code in (3, 4, 7, 8):
        values = values[::-1]
    return values
