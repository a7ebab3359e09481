"""The colours of a file to sRGB, through its ICC profile where that fits them; and back.

What lies beyond sRGB's gamut has values below 0 or above 1, as in IEC 61966-2-2: the curve of sRGB goes on below 0 as
its mirror image.
"""

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import ImageCms

from pipeline.images.raster import Colours, ImageError, Raster, Space

SAME_PROFILE = 1 / 512
"""A profile that moves no colour by more than this is sRGB for our purposes."""
DISTINCT = 1 / 8
"""One that brings black, white and all colours nearer to each other than this is broken."""
HELD = 1 / 255
"""A gamut holds what it gives back with no more than this of difference."""
BAND = 256
"""Rows at a time, to keep memory small."""

HEADER_BYTES, MAGIC = 128, b"acsp"
DATE = slice(24, 36)
OF_DEVICES = {b"scnr", b"mntr", b"prtr", b"spac"}
"""The classes of ICC profiles (ICC.1, 7.2.5) that say what the colours of a file are."""
OTHER_CLASSES = {b"link": "a link between two devices", b"abst": "an effect", b"nmcl": "a list of named colours"}
SIGNATURES: dict[Space, bytes] = {"grey": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK"}
WORDS = {b"GRAY": "grey"}


class Converted(NamedTuple):
    """Colours in sRGB."""

    colours: Colours
    """(H, W, 3), or (H, W, 1) where grey was left alone."""
    note: str = ""
    """Why the profile was not used, where it could not be."""
    beyond: Colours | None = None
    """(H, W, 3), what was clipped of them; None where they all lie within sRGB."""


def to_srgb(colours: Colours, raster: Raster, path: Path) -> Converted:
    """Converts colours to sRGB, clipped to its gamut, and says what was clipped.

    They are left alone where there is no profile or it is sRGB's.

    A profile that is broken, or for other colours than the file's, is passed over, as viewers do: RGB is taken for
    sRGB, grey for sRGB's grey.

    Args:
        colours: (H, W, C) float32 in [0, 1], C = 1 for grey, 3 for RGB, 4 for CMYK (1 is full ink).
        raster: whose colours they are.
        path: for the error.

    Raises:
        ImageError: the colours are CMYK, which means nothing without a profile that fits.
    """
    if raster.profile is None:
        return Converted(colours)
    why = _misfit(raster.profile, raster.space)
    if not why:
        try:
            return _through(raster.profile, colours, raster.space)
        except (imagecodecs.CmsError, ValueError):
            why = "is broken"
    if raster.space == "cmyk":
        raise ImageError(f"{path}: its colours are CMYK, and its colour profile {why}: convert it to sRGB")
    return Converted(colours, f"its colour profile {why}: taken for {'grey' if raster.space == 'grey' else 'sRGB'}")


def from_srgb(levels: npt.NDArray[Any], profile: bytes, wide: Colours | None = None) -> npt.NDArray[Any] | None:
    """The same colours by another profile; None where its gamut does not hold them, or it is sRGB's or unfit.

    Args:
        levels: (H, W, 3), uint8 or uint16, sRGB.
        profile: ICC's bytes.
        wide: the same colours as floats, where some of them lie beyond sRGB: of these, what the profile holds is kept.

    Returns the levels' type and shape.
    """
    if _misfit(profile, "rgb"):
        return None
    try:
        if _moves_nothing(lambda colours: _transformed(colours, profile, srgb_profile()), 3):
            return None
        full = np.float32(np.iinfo(levels.dtype).max)
        if not _holds(profile, _all_colours(9)) and not all(
            _holds(profile, (levels[top : top + BAND] / full).astype(np.float32)) for top in range(0, len(levels), BAND)
        ):
            return None
        if wide is None:
            return np.asarray(_transformed(levels, srgb_profile(), profile))
        own = np.empty_like(levels)
        for top in range(0, len(wide), BAND):
            values = _transformed(_unmirrored(wide[top : top + BAND]), srgb_profile(), profile)
            own[top : top + BAND] = np.rint(values.clip(0, 1) * full)
        return own
    except (imagecodecs.CmsError, ValueError):
        return None


@cache
def srgb_profile() -> bytes:
    """ICC's bytes, the same at any time: LittleCMS puts in the date."""
    made = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return made[: DATE.start] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + made[DATE.stop :]


def _transformed(colours: npt.NDArray[Any], source: bytes, target: bytes) -> npt.NDArray[Any]:
    kind = colours.dtype
    return np.asarray(
        imagecodecs.cms_transform(
            np.ascontiguousarray(colours), source, target, colorspace="rgb", outcolorspace="rgb", outdtype=kind
        )
    )


def _holds(profile: bytes, colours: Colours) -> bool:
    """Whether colours, (H, W, 3) in sRGB, come back from the profile's gamut as they went."""
    there = _transformed(colours, srgb_profile(), profile).clip(0, 1)
    return bool(np.abs(_transformed(there, profile, srgb_profile()) - colours).max() <= HELD)


def _all_colours(steps: int, channels: int = 3) -> Colours:
    levels = np.linspace(0, 1, steps, dtype=np.float32)
    return np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(1, -1, channels)


def _misfit(profile: bytes, space: Space) -> str:
    """Why a profile can't be that of colours of this space, by its header (ICC.1, 7.2)."""
    if len(profile) < HEADER_BYTES or profile[36:40] != MAGIC:
        return "is broken"
    kind, of = profile[12:16], profile[16:20]
    if kind not in OF_DEVICES:
        return f"is {OTHER_CLASSES.get(kind, 'of no kind that is known')}"
    if not of.strip().isalnum():
        return "is broken"
    if of != SIGNATURES[space]:
        return f"is for {WORDS.get(of, of.decode('ascii').strip())}, its colours are {_in_words(space)}"
    return ""


def _in_words(space: Space) -> str:
    return space if space == "grey" else space.upper()


def _through(profile: bytes, colours: Colours, space: Space) -> Converted:
    """Raises CmsError or ValueError where the profile is broken."""
    srgb = srgb_profile()
    name = {"grey": "gray"}.get(space, space)

    def convert(values: Colours) -> Colours:
        flat = np.ascontiguousarray(values[..., 0] if space == "grey" else values)
        if space == "cmyk":  # its floats would be percent
            flat = np.rint(flat * np.float32(65535)).astype(np.uint16)
        return np.asarray(
            imagecodecs.cms_transform(flat, profile, srgb, colorspace=name, outcolorspace="rgb", outdtype=np.float32)
        )

    if _moves_nothing(convert, colours.shape[2]):
        return Converted(colours)
    converted, beyond = np.empty((*colours.shape[:2], 3), np.float32), None
    for top in range(0, len(colours), BAND):
        band = convert(colours[top : top + BAND])
        within = np.clip(band, 0, 1, out=converted[top : top + BAND])
        if space == "rgb" and max(1 - band.min(), band.max()) > 1 + HELD:
            beyond = np.zeros_like(converted) if beyond is None else beyond
            beyond[top : top + BAND] = _mirrored(band) - within
    return Converted(converted, beyond=beyond)


def _mirrored(values: Colours) -> Colours:
    """Of what is below 0, where LittleCMS goes on in a straight line, the mirror image of the curve above."""
    light = np.maximum(-values, 0) / np.float32(12.92)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    mirrored: Colours = np.where(values < 0, -curve, values).astype(np.float32)
    return mirrored


def _unmirrored(values: Colours) -> Colours:
    """The reverse of `_mirrored`."""
    curve = np.maximum(-values, 0)
    light = np.where(curve <= 0.04045, curve / 12.92, ((curve + 0.055) / 1.055) ** 2.4)
    straight: Colours = np.where(values < 0, -12.92 * light, values).astype(np.float32)
    return straight


def _moves_nothing(convert: Callable[[Colours], Colours], channels: int) -> bool:
    probe = _all_colours(5, channels)
    converted = convert(probe)
    if not np.isfinite(converted).all() or np.ptp(converted) < DISTINCT:
        raise ValueError("makes one colour of all")
    return channels < 4 and bool(np.abs(converted - probe).max() <= SAME_PROFILE)
