"""Masks drawn, spoilt and written in the ways that people's programs do it."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage

from stages.segment.labels import Colour

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


def tiff(values: np.ndarray) -> Write:
    def write(path: Path) -> Path:
        tifffile.imwrite(path.with_suffix(".tif"), values, photometric="minisblack")
        return path.with_suffix(".tif")

    return write


def pgm(values: np.ndarray) -> Write:
    def write(path: Path) -> Path:
        Image.fromarray(values).save(path.with_suffix(".pgm"))
        return path.with_suffix(".pgm")

    return write


def indexed(values: np.ndarray, *palette: Colour) -> Write:
    """A PNG of a palette."""

    def write(path: Path) -> Path:
        image = Image.fromarray(values)
        image.putpalette([channel for colour in palette for channel in colour])
        image.save(path.with_suffix(".png"))
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


def alpha(values: np.ndarray, opaque: np.ndarray) -> np.ndarray:
    return np.concatenate([values, opaque[..., None]], axis=2).astype(np.uint8)
