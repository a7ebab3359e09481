"""Photos brought to a size."""

import numpy as np
from PIL import Image

from stages.arrays import Photo


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
