"""PNG, JPEG, TIFF and PGM files to values as they stand in the file, upright, or refused with the reason."""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm"})
MAX_PIXELS = 150_000_000
"""A header that promises more is taken for a decompression bomb."""

EXIF_ORIENTATION = 274


class ImageError(ValueError):
    """An image that cannot be read faithfully: the message names the file and the reason."""


class Raster(NamedTuple):
    """An image file's values, upright, with what is needed to understand them."""

    values: npt.NDArray[Any]
    """H x W x C: C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha)."""
    full: float
    """The value of white."""
    profile: bytes | None
    """The ICC profile, where the file has one."""


def read_raster(path: Path) -> Raster:
    """Decodes a file; the kind is known by its first bytes, not by its name.

    Raises:
        ImageError: unreadable, damaged, of another kind, too large, animated, of several pages, CMYK.
    """
    try:
        data = path.read_bytes()
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
    values = imagecodecs.png_decode(data)  # Pillow reads 16-bit colour as 8-bit
    return _raster(values, float(np.iinfo(values.dtype).max), profile, orientation, path)


def _read_jpeg(data: bytes, path: Path) -> Raster:
    with Image.open(io.BytesIO(data), formats=["JPEG", "MPO"]) as image:
        _check_size(image.size, path)
        if image.mode not in ("L", "RGB"):
            raise ImageError(f"{path}: its colours are {image.mode}: convert it to RGB")
        values = np.asarray(image)
        orientation, profile = image.getexif().get(EXIF_ORIENTATION, 1), image.info.get("icc_profile")
    return _raster(values, 255.0, profile, orientation, path)


def _read_pgm(data: bytes, path: Path) -> Raster:
    with Image.open(io.BytesIO(data), formats=["PPM"]) as image:
        _check_size(image.size, path)
        if image.mode != "L":
            raise ImageError(f"{path}: its values are {image.mode}: a PGM mask has 8 bits")
        return _raster(np.asarray(image), 255.0, None, 1, path)


def _read_tiff(data: bytes, path: Path) -> Raster:
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage) and not page.is_reduced]
        if len(pages) != 1:
            raise ImageError(f"{path}: holds {len(pages)} pages: a photo is one")
        page = pages[0]
        _check_size((page.imagewidth, page.imagelength), path)
        kind = tifffile.PHOTOMETRIC(page.photometric).name
        if kind not in ("MINISBLACK", "MINISWHITE", "RGB", "PALETTE", "YCBCR"):
            raise ImageError(f"{path}: its colours are {kind}: convert it to RGB")
        if page.samplesperpixel > 4:
            raise ImageError(f"{path}: has {page.samplesperpixel} channels: a photo has at most four")
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        elif page.axes not in ("YX", "YXS"):
            raise ImageError(f"{path}: its axes are {page.axes}: a photo has height, width and colour")
        if page.colormap is not None:
            values = np.moveaxis(page.colormap[:, values], 0, -1)
        full = (
            1.0
            if values.dtype.kind == "f"
            else float(2 ** (16 if page.colormap is not None else page.bitspersample) - 1)
        )
        if kind == "MINISWHITE":
            values = (np.asarray(full, values.dtype) - values).astype(values.dtype)
        orientation = page.tags.valueof(EXIF_ORIENTATION, 1)
        return _raster(values, full, page.iccprofile, orientation, path)


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path}: {width}x{height} is more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller")


def _raster(values: npt.NDArray[Any], full: float, profile: bytes | None, orientation: object, path: Path) -> Raster:
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 4 or values.dtype.kind not in "buf":
        raise ImageError(f"{path}: values of type {values.dtype} and shape {values.shape} are not a photo")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    return Raster(_upright(values, orientation), full, profile or None)


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
