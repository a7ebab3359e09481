"""Files of a small photo, byte by byte: whole ones, and such as lie about what is in them."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

RGB = np.random.default_rng(3).integers(0, 256, (40, 48, 3), dtype=np.uint8)
PHOTO = Image.fromarray(RGB)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(values: np.ndarray = RGB, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **{"photometric": "rgb"} | options)
    return file.getvalue()


def png(values: np.ndarray = RGB) -> bytes:
    return imagecodecs.png_encode(values)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(kind: bytes, data: bytes) -> bytes:
    return png()[:33] + chunk(kind, data) + png()[33:]


def png_of_size(width: int, height: int) -> bytes:
    return png()[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + png()[33:]


def jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(saved(PHOTO, "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def tiff_with(tag: int, value: int) -> bytes:
    """A TIFF in which a tag has another value."""
    data = bytearray(tiff())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    (entry,) = (
        at for at in range(start + 2, start + 2 + 12 * count, 12) if data[at : at + 2] == struct.pack("<H", tag)
    )
    struct.pack_into("<HII", data, entry + 2, 4, 1, value)
    return bytes(data)


def tiff_in_a_circle() -> bytes:
    """A TIFF whose list of pages leads back to its first."""
    data = bytearray(tiff())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    return bytes(data)


def with_values(*values: float) -> bytes:
    """A float TIFF that holds these among others."""
    image = np.full((40, 48, 3), 0.5, np.float32)
    image.flat[: len(values)] = values
    return tiff(image)
