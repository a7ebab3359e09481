"""Photos as the stages take them, and brought to a size: float32, (H, W, 3), sRGB values in [0, 1]."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from pipeline.images.containers.kept import Kept
from pipeline.images.raster import Alpha
from stages.arrays import Photo


class Original(NamedTuple):
    """A photo at its own size, and what its result should keep of its file."""

    photo: Photo
    alpha: Alpha | None
    """(H, W) in [0, 1]: how opaque; None where nothing is transparent."""
    bits: int
    """8, or 16 where the file has more than 8 a channel."""
    kept: Kept = Kept()
    beyond: Photo | None = None
    """(H, W, 3), what of its colours lies beyond sRGB and is not in the photo; None where nothing does."""

    def whole(self) -> Photo:
        """The photo, with what lies beyond sRGB below 0 and above 1."""
        return self.photo if self.beyond is None else self.photo + self.beyond


class Understood(NamedTuple):
    """A photo, and what had to be put right to read it."""

    original: Original
    notes: tuple[str, ...]
    """Without the file's name; none where all is well."""


def working_shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Height and width with the long edge brought down to `size` pixels; never enlarged."""
    height, width = shape[:2]
    scale = min(1.0, size / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink(photo: Photo, size: int) -> Photo:
    """Brings the long edge down to `size` pixels by a Lanczos filter as wide as the reduction asks; in [0, 1].

    photo: (H, W, 3), or (H, W, 1).
    """
    height, width = working_shape(photo.shape, size)
    if (height, width) == photo.shape[:2]:
        return photo
    return resized(photo, height, width)


def resized(photo: Photo, height: int, width: int) -> Photo:
    """A photo, (H, W, C), brought to another size by a Lanczos filter as wide as a reduction asks; in [0, 1]."""
    small: Photo = np.empty((height, width, photo.shape[2]), np.float32)
    for channel in range(photo.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(photo[..., channel]))
        small[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS))
    return small.clip(0, 1, out=small)
