"""What EXIF says about the pixels: which way is up, and which colours they are. All else in it is passed over."""

import warnings
from typing import NamedTuple

import imagecodecs
from PIL import Image

ORIENTATION = 274
EXIF_IFD, COLOUR_SPACE, UNCALIBRATED = 0x8769, 0xA001, 0xFFFF
INTEROPERABILITY_IFD, INTEROPERABILITY_INDEX, ADOBE_RGB = 0xA005, 1, "R03"


class Exif(NamedTuple):
    """What is of use in it."""

    orientation: object = 1
    profile: bytes | None = None
    """Adobe RGB's, where a camera says so as DCF 2.0 has it: without a profile."""


def read_exif(data: bytes | None) -> Exif:
    """From a file's EXIF block; one that can't be read says nothing, as in every viewer."""
    if not data:
        return Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on a damaged block
            exif = Image.Exif()
            exif.load(data)
            orientation = exif.get(ORIENTATION, 1)
            uncalibrated = exif.get_ifd(EXIF_IFD).get(COLOUR_SPACE) == UNCALIBRATED
            adobe = exif.get_ifd(INTEROPERABILITY_IFD).get(INTEROPERABILITY_INDEX) == ADOBE_RGB
    except Exception:  # Pillow has no class of its own for a damaged block
        return Exif()
    return Exif(orientation, bytes(imagecodecs.cms_profile("adobergb")) if uncalibrated and adobe else None)
