"""What every decoder gives: the values as they stand in a file, with what is needed to understand them."""

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy
from PIL import Image

MAX_PIXELS = 150_000_000
"""A header that promises more is taken for a decompression bomb."""

HEADER_UNREADABLE = "damaged: its header can't be read"

MOST_MADE_UP = 0.01
"""Of the pixels: so many may be missing at the end of a file; they take the colours of what is nearest."""

A_HAIR = 0.01
"""Float values this far outside [0, 1] come from rounding or resampling."""

Colours = npt.NDArray[np.float32]
"""(H, W, C): 1 for grey, 3 for RGB, 4 for CMYK."""
Alpha = npt.NDArray[np.float32]
"""(H, W) in [0, 1]: how opaque."""
Space = Literal["grey", "rgb", "cmyk"]
CHANNELS: dict[Space, int] = {"grey": 1, "rgb": 3, "cmyk": 4}


class ImageError(ValueError):
    """An image that cannot be read faithfully: the message names the file, the reason and what to do."""


class Raster(NamedTuple):
    """An image file's values, upright, with what is needed to understand them."""

    values: npt.NDArray[Any]
    """(H, W, C): channels of colour, 1 (grey), 3 (RGB) or 4 (CMYK, all ink the largest), and perhaps alpha."""
    full: float
    """The largest value."""
    space: Space
    has_alpha: bool
    premultiplied: bool
    """Whether the colours are multiplied by alpha."""
    profile: bytes | None
    """The ICC profile, where the file has one or names one; empty where it has one that can't be got out of it."""
    unreadable_colours: str | None
    """What is known of the colours where they are not sRGB's and nobody says how to convert them."""
    indices: npt.NDArray[np.uint8] | None = None
    """(H, W), into the palette of a PNG that has one."""
    bits: int = 8
    """Of a channel, in the file."""
    lossy: bool = False
    """Whether its compression keeps no exact values."""
    notes: tuple[str, ...] = ()
    """What was put right."""
    exif: bytes | None = None
    """The EXIF block as it stands in the file."""
    xmp: bytes | None = None
    """The XMP packet as it stands in the file."""


def make_raster(
    values: npt.NDArray[Any],
    full: float,
    orientation: object,
    space: Space | None = None,
    *,
    premultiplied: bool = False,
    profile: bytes | None = None,
    unreadable_colours: str | None = None,
) -> Raster:
    """With what follows from the number of channels; where no space is given, three or four are RGB.

    Args:
        values: (H, W) or (H, W, C), of any number type.
        full: the largest value.
        orientation: EXIF's, 1 to 8; anything else is upright.
        space: of the colours, where the file says it.
        premultiplied, profile, unreadable_colours: as in `Raster`.

    Raises:
        ValueError: these are no values of a photo.
    """
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 5 or values.dtype.kind not in "biuf":
        raise ValueError(f"values of type {values.dtype} and shape {values.shape} are not a photo")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if space is None:
        space = "rgb" if values.shape[2] > 2 else "grey"
    colours = CHANNELS[space]
    if values.shape[2] not in (colours, colours + 1):
        raise ValueError(f"{values.shape[2]} channels are not {space.upper()}")
    if space == "cmyk" and not profile:
        unreadable_colours = "its colours are CMYK, without a profile that says which inks"
    has_alpha = values.shape[2] > colours
    return Raster(upright(values, orientation), full, space, has_alpha, premultiplied, profile, unreadable_colours)


def upright(values: npt.NDArray[Any], orientation: object) -> npt.NDArray[Any]:
    """Undoes the eight EXIF orientations of (H, W) or (H, W, C) values; an unknown one is upright."""
    code = orientation if isinstance(orientation, int) else 1
    if code in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if code in (2, 3, 6, 7):
        values = values[:, ::-1]
    if code in (3, 4, 7, 8):
        values = values[::-1]
    return values


def check_size(width: int, height: int) -> None:
    """Before anything is decoded.

    Raises:
        Image.DecompressionBombError: more than `MAX_PIXELS`.
    """
    if width * height > MAX_PIXELS:
        raise Image.DecompressionBombError(f"{width}x{height}: {too_large()}")


def too_large() -> str:
    """What is said of an image of too many pixels."""
    return f"more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller"


def cut_off(share: float) -> ImageError:
    """What is raised where this share of the pixels is missing."""
    return ImageError(f"damaged: cut off: {f'{share:.0%}' if share >= 0.01 else 'under 1%'} of its pixels are missing")


def made_up(lost: int, shape: tuple[int, ...]) -> tuple[str, ...]:
    """What is said of an image, (H, W) or (H, W, C), of which so many pixels were made up."""
    return (f"cut off: its last {lost} of {shape[0] * shape[1]} pixels are made up",) if lost else ()


def nearest_of_the_rest(missing: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns, each (H, W): of the pixel itself, or where it is missing of the nearest that is not."""
    rows, columns = scipy.ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return rows, columns
