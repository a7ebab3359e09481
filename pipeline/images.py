"""Photos and masks as the stages take them; photos brought down to a size.

In memory a photo is float32, H x W x 3, sRGB values in [0, 1]; a mask is uint8, H x W x 3.
"""

from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from pipeline.decoding import ImageError, read_raster

Photo = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

SAME_PROFILE = 1 / 512
"""A profile that moves no colour by more than this is sRGB for our purposes."""


def read_photo(path: Path) -> Photo:
    """Reads a PNG, JPEG or TIFF photo of 8, 16 or 32 bits as float32, H x W x 3, sRGB in [0, 1].

    EXIF orientation is applied, an embedded colour profile is converted
    to sRGB, grey becomes three equal channels, and what is transparent is laid over white.

    Raises:
        ImageError: unreadable, of another kind, CMYK, animated, of several pages, too large, with NaN, out of range.
    """
    raster = read_raster(path)
    values = raster.values.astype(np.float32) / np.float32(raster.full)
    if not np.isfinite(values).all():
        raise ImageError(f"{path}: {np.count_nonzero(~np.isfinite(values))} values are NaN or infinite")
    if values.min() < 0 or values.max() > 1:
        raise ImageError(f"{path}: values reach from {values.min():g} to {values.max():g}, outside [0, 1]: clip them")
    channels = values.shape[2]
    colour, alpha = (values, None) if channels in (1, 3) else (values[..., :-1], values[..., -1:])
    if raster.profile is not None:
        colour = _to_srgb(colour, raster.profile, path)
    if alpha is not None:
        colour = colour * alpha + (1 - alpha)
    return np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:2], 3)))


def read_mask(path: Path) -> Mask:
    """Reads a mask of 8 bits as uint8: H x W x 3 colours (palettes and grey expanded, alpha dropped).

    A PGM file (FastPhotoStyle's masks) holds region numbers instead: H x W.

    Raises:
        ImageError: as for photos, and for more than 8 bits.
    """
    raster = read_raster(path)
    if raster.values.dtype != np.uint8 or raster.full != 255:
        kind = raster.values.dtype
        raise ImageError(f"{path}: a mask has 8 bits a channel, this one is {kind}: save it as 8-bit PNG")
    if path.suffix.lower() == ".pgm":
        return raster.values[..., 0]
    colour = raster.values[..., :3] if raster.values.shape[2] > 2 else raster.values[..., :1]
    return np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:2], 3)))


def working_shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Height and width with the long edge brought down to `size` pixels; never enlarged."""
    height, width = shape[:2]
    scale = min(1.0, size / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink(photo: Photo, size: int) -> Photo:
    """Brings the long edge down to `size` pixels by a Lanczos filter as wide as the reduction asks; in [0, 1]."""
    height, width = working_shape(photo.shape, size)
    if (height, width) == photo.shape[:2]:
        return photo
    planes = [Image.fromarray(np.ascontiguousarray(photo[..., channel])) for channel in range(3)]
    small = [np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS)) for plane in planes]
    clipped: Photo = np.clip(np.stack(small, axis=-1), 0, 1, dtype=np.float32)
    return clipped


def resample_mask(mask: Mask, shape: tuple[int, int]) -> Mask:
    """The nearest pixel of a mask for each pixel of `shape` (height, width)."""
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)
        for new, old in zip(shape, mask.shape[:2], strict=True)
    )
    nearest: Mask = mask[rows[:, None], columns]
    return nearest


def _to_srgb(colour: Photo, profile: bytes, path: Path) -> Photo:
    """Converts colours from an ICC profile, clipped to sRGB's gamut; left alone where the profile is sRGB's."""
    spaces = {1: "gray", 3: "rgb"}
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    space = spaces[colour.shape[2]]

    def convert(values: Photo) -> Photo:
        flat = np.ascontiguousarray(values if space == "rgb" else values[..., 0])
        return np.asarray(imagecodecs.cms_transform(flat, profile, srgb, colorspace=space, outcolorspace="rgb"))

    levels = np.linspace(0, 1, 5, dtype=np.float32)
    probe = np.stack(np.meshgrid(*[levels] * colour.shape[2]), axis=-1).reshape(1, -1, colour.shape[2])
    try:
        if np.abs(convert(probe) - probe).max() <= SAME_PROFILE:
            return colour
        return np.clip(convert(colour), 0, 1)
    except imagecodecs.CmsError as error:
        raise ImageError(f"{path}: its colour profile can't be used ({error}): convert the photo to sRGB") from error
