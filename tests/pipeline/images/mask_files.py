"""Masks drawn, spoilt and written in the ways that people's programs do it."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage

from pipeline.images.containers.png_chunks import SIGNATURE
from stages.segment.labels import Colour
from tests.pipeline.images.image_files import chunk

Write = Callable[[Path], Path]


def bands(shape: tuple[int, int], *colours: Colour | int, dtype: type = np.uint8) -> np.ndarray:
    """Bands of equal height from top to bottom; of colours, or of class numbers."""
    rows = np.arange(shape[0]) * len(colours) // shape[0]
    return np.array(colours, dtype)[rows][:, None].repeat(shape[1], axis=1)


def png(values: np.ndarray) -> Write:
    def write(path: Path) -> Path:
        path = path.with_suffix(".png")
        path.write_bytes(imagecodecs.png_encode(values))
        return path

    return write


def jpeg(values: np.ndarray, quality: int = 85) -> Write:
    def write(path: Path) -> Path:
        Image.fromarray(values).save(path.with_suffix(".jpg"), quality=quality)
        return path.with_suffix(".jpg")

    return write


def bits(values: np.ndarray, depth: int) -> Write:
    """A grey PNG of so many bits."""

    def write(path: Path) -> Path:
        rows = np.unpackbits(values[..., None], axis=2)[..., -depth:].reshape(len(values), -1)
        stream = b"".join(b"\0" + row.tobytes() for row in np.packbits(rows, axis=1))
        header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, 0, 0, 0, 0)
        chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(stream)), chunk(b"IEND", b"")
        path = path.with_suffix(".png")
        path.write_bytes(SIGNATURE + b"".join(chunks))
        return path

    return write


def tiff(values: np.ndarray, photometric: str = "minisblack") -> Write:
    def write(path: Path) -> Path:
        tifffile.imwrite(path.with_suffix(".tif"), values, photometric=photometric)
        return path.with_suffix(".tif")

    return write


def pgm(values: np.ndarray) -> Write:
    def write(path: Path) -> Path:
        Image.fromarray(values).save(path.with_suffix(".pgm"))
        return path.with_suffix(".pgm")

    return write


def indexed(values: np.ndarray, *palette: Colour, **options: object) -> Write:
    """A PNG of a palette."""

    def write(path: Path) -> Path:
        image = Image.fromarray(values)
        image.putpalette([channel for colour in palette for channel in colour])
        image.save(path.with_suffix(".png"), **options)
        return path.with_suffix(".png")

    return write


def raw(data: bytes) -> Write:
    def write(path: Path) -> Path:
        path.with_suffix(".png").write_bytes(data)
        return path.with_suffix(".png")

    return write


def stroke(values: np.ndarray, rows: slice, columns: slice, colour: Colour | int) -> np.ndarray:
    """The same mask with a rectangle painted over."""
    painted = values.copy()
    painted[rows, columns] = colour
    return painted


def blurred(values: np.ndarray) -> np.ndarray:
    """As an editor smooths edges, over seven pixels."""
    means = ndimage.uniform_filter(values.astype(float), 7, axes=(0, 1), mode="nearest")
    return means.round().astype(np.uint8)


def one_clear(shape: tuple[int, int]) -> np.ndarray:
    """Alpha with one transparent pixel."""
    opaque = np.full(shape, 255)
    opaque[shape[0] // 4, shape[1] // 4] = 0
    return opaque


def alpha(values: np.ndarray, opaque: np.ndarray) -> np.ndarray:
    return np.concatenate([values, opaque[..., None]], axis=2).astype(np.uint8)
