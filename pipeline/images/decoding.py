"""Image files to values as they stand in the file, upright, or refused with the reason and what to do.

The decoders' notes go nowhere: what matters of them is said in our own words.
"""

import logging
import re
import warnings
from collections.abc import Callable
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from pipeline.events.errors import in_words
from pipeline.images.containers.png_chunks import SIGNATURE
from pipeline.images.formats import raw
from pipeline.images.formats.heif import AVIF, HEIC, decode_avif, decode_heic
from pipeline.images.formats.jpeg import decode_jpeg
from pipeline.images.formats.kinds import READ
from pipeline.images.formats.pgm import decode_pgm
from pipeline.images.formats.png import decode_png
from pipeline.images.formats.tiff import decode_tiff
from pipeline.images.formats.webp import decode_webp
from pipeline.images.raster import HEADER_UNREADABLE, ImageError, Raster, too_large
from pipeline.store.files import read_file

SAVE_ANEW = "open it in an image editor and save it anew"
OTHERS = (
    (rb"GIF8", "GIF"),
    (rb"BM", "BMP"),
    (rb"8BPS", "Photoshop's own"),
    (rb"gimp xcf", "GIMP's own"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
    (rb"\0\0\0\x0cjP  ", "JPEG 2000"),
    (rb"%PDF", "PDF"),
    (rb"(?i)\s*<(!doctype html|html)", "a web page"),
    (rb"(?i)\s*<(\?xml|svg)", "SVG"),
    (rb"version https://git-lfs", "a pointer of Git LFS"),
)
"""The first bytes of what else is found under a photo's name."""

for library in ("PIL", "imagecodecs", "tifffile"):
    logging.getLogger(library).addHandler(logging.NullHandler())


def read_raster(path: Path) -> Raster:
    """Decodes a file; the kind is known by its first bytes, not by its name.

    What only lies beside the pixels (text, previews, further pages and channels, checksums of these) refuses no file.

    Raises:
        ImageError: unreadable, damaged, of another kind, too large.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise ImageError(in_words(error, path)) from error
    decode = _decoder(data)
    if decode is None:
        raise ImageError(f"{path}: {_what_else(data)}: only {READ} are read: save it as one of them")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on large images: check_size decides
            return decode(data)
    except ImageError as error:
        text = str(error)
        raise ImageError(f"{path}: {text}: {SAVE_ANEW}" if text.startswith("damaged") else f"{path}: {text}") from error
    except Image.DecompressionBombError as error:
        text = str(error)
        raise ImageError(f"{path}: {text if text.endswith(too_large()) else too_large()}") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: {HEADER_UNREADABLE}: {SAVE_ANEW}") from error
    except MemoryError as error:
        raise ImageError(f"{path}: too large for the memory that is left: make it smaller") from error
    except Exception as error:  # each decoder has its own classes for a damaged file
        text = "" if isinstance(error, UnicodeError) else str(error).strip()  # some decoders' words are no text at all
        reason = text if text.isprintable() and " " in text else type(error).__name__
        raise ImageError(f"{path}: damaged or not fully supported ({reason}): {SAVE_ANEW}") from error


def _decoder(data: bytes) -> Callable[[bytes], Raster] | None:
    if raw.is_raw(data):
        return raw.decode_raw
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return decode_tiff
    if data.startswith(SIGNATURE):
        return decode_png
    if data.startswith(b"\xff\xd8\xff"):
        return decode_jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return decode_webp
    if re.match(AVIF, data[:64], re.DOTALL):
        return decode_avif
    if re.match(HEIC, data[:64], re.DOTALL):
        return decode_heic
    if data.startswith(b"P5"):
        return decode_pgm
    return None


def _what_else(data: bytes) -> str:
    if not data:
        return "an empty file"
    known = next((name for start, name in OTHERS if re.match(start, data[:64], re.DOTALL)), None)
    return "of another kind" if known is None else f"of another kind ({known})"
