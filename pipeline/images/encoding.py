"""Images as bytes: float32 TIFF between the stages, 8- and 16-bit PNG to look at and to keep."""

import io

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

from pipeline.images.containers.png_chunks import packed, with_chunks

FAST = 1
"""zlib's level for large photos: a tenth of the default's time, a tenth more space."""

Levels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def encode_tiff(image: npt.NDArray[np.floating]) -> bytes:
    """An uncompressed float32 RGB TIFF of an (H, W, 3) image: what one stage hands to the next, unrounded."""
    file = io.BytesIO()
    tifffile.imwrite(file, image.astype(np.float32), photometric="rgb", metadata=None)
    return file.getvalue()


def encode_png(image: npt.NDArray[np.floating], bits: int, alpha: npt.NDArray[np.floating] | None = None) -> bytes:
    """A PNG of 8 or 16 bits a channel, marked as sRGB, of an (H, W, 3) image with values in [0, 1].

    alpha: (H, W) in [0, 1], where it is to have a transparency.
    """
    channels = image if alpha is None else np.dstack([image, alpha])
    return encode_pixels(rounded(channels, bits))


def rounded(image: npt.NDArray[np.floating], bits: int) -> Levels:
    """Values, clipped to [0, 1], as the nearest of 2^bits levels: uint8 or uint16 for 8 or 16 bits."""
    levels = 2**bits - 1
    scaled = np.clip(image, 0, 1)
    scaled *= levels
    pixels: Levels = np.rint(scaled, out=scaled).astype({8: np.uint8, 16: np.uint16}[bits])
    return pixels


def encode_pixels(pixels: Levels, level: int | None = None, *, srgb: bool = True) -> bytes:
    """A PNG of levels (H, W, 3 or 4) of 8 or 16 bits, marked as sRGB. level: of zlib's compression."""
    png = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=level))
    return with_chunks(png, [packed(b"sRGB", b"\0")] if srgb else [])
