"""EXIF and XMP of a photo, as its result has them."""

from typing import NamedTuple

from pipeline.images.containers.exif import exif_of_result
from pipeline.images.containers.xmp import xmp_of_result


class Fitted(NamedTuple):
    """What is written with a result."""

    exif: bytes | None
    xmp: bytes | None
    notes: tuple[str, ...]
    """What could not be kept."""


def fitted(exif: bytes | None, xmp: bytes | None, width: int, height: int, *, srgb: bool) -> Fitted:
    """A photo's blocks made true of a result: upright, of its size, in sRGB or not, without previews of the photo."""
    new_exif = exif_of_result(exif, width, height, srgb=srgb) if exif else None
    new_xmp = xmp_of_result(xmp, width, height) if xmp else None
    damaged = [name for name, old, new in (("EXIF", exif, new_exif), ("XMP", xmp, new_xmp)) if old and not new]
    return Fitted(new_exif, new_xmp, tuple(f"its {name} is damaged: left out" for name in damaged))
