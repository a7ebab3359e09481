"""The colours of a file to sRGB, through its ICC profile."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import ImageCms

from pipeline.images.decoding import ImageError, Raster

Colours = npt.NDArray[np.float32]

SAME_PROFILE = 1 / 512
"""A profile that moves no colour by more than this is sRGB for our purposes."""
BAND = 256
"""Rows at a time, to keep memory small."""


def to_srgb(colours: Colours, raster: Raster, path: Path) -> Colours:
    """Converts colours to sRGB, clipped to its gamut; left alone where there is no profile or it is sRGB's.

    Args:
        colours: H x W x C float32 in [0, 1], C = 1 for grey, 3 for RGB, 4 for CMYK (1 is full ink).
        raster: whose colours they are.
        path: for the error.

    Returns:
        H x W x 3, or H x W x 1 where grey was left alone.

    Raises:
        ImageError: the profile can't be used.
    """
    profile = raster.profile
    if profile is None:
        return colours
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    space = {"grey": "gray"}.get(raster.space, raster.space)

    def convert(values: Colours) -> Colours:
        flat = np.ascontiguousarray(values[..., 0] if space == "gray" else values)
        if space == "cmyk":  # its floats would be percent
            flat = np.rint(flat * np.float32(65535)).astype(np.uint16)
        return np.asarray(
            imagecodecs.cms_transform(flat, profile, srgb, colorspace=space, outcolorspace="rgb", outdtype=np.float32)
        )

    try:
        if space != "cmyk" and _moves_nothing(convert, colours.shape[2]):
            return colours
        converted = np.empty((*colours.shape[:2], 3), np.float32)
        for top in range(0, len(colours), BAND):
            np.clip(convert(colours[top : top + BAND]), 0, 1, out=converted[top : top + BAND])
        return converted
    except (imagecodecs.CmsError, ValueError) as error:
        raise ImageError(f"{path}: its colour profile can't be used ({error}): convert the photo to sRGB") from error


def _moves_nothing(convert: Callable[[Colours], Colours], channels: int) -> bool:
    levels = np.linspace(0, 1, 5, dtype=np.float32)
    probe = np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(1, -1, channels)
    return bool(np.abs(convert(probe) - probe).max() <= SAME_PROFILE)
