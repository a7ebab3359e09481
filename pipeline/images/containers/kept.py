"""What a result keeps of its photo's file, beside the pixels: EXIF, XMP and the colour profile."""

from typing import NamedTuple

from pipeline.images.containers.exif import exif_of_result
from pipeline.images.containers.xmp import xmp_of_result


class Kept(NamedTuple):
    """As it stands in the photo's file; None where there is none."""

    exif: bytes | None = None
    xmp: bytes | None = None
    profile: bytes | None = None
    """Of RGB colours."""

    def stripped(self) -> "Kept":
        """Without what tells of people, places and cameras; the profile says what the colours are, and stays."""
        return Kept(profile=self.profile)


class Fitted(NamedTuple):
    """What is written with a result."""

    exif: bytes | None
    xmp: bytes | None
    notes: tuple[str, ...]
    """What could not be kept."""


def fitted(kept: Kept, width: int, height: int, *, srgb: bool) -> Fitted:
    """EXIF and XMP made true of a result: upright, of its size, in sRGB or not, without previews of the photo."""
    exif = exif_of_result(kept.exif, width, height, srgb=srgb) if kept.exif else None
    xmp = xmp_of_result(kept.xmp, width, height) if kept.xmp else None
    damaged = [name for name, old, new in (("EXIF", kept.exif, exif), ("XMP", kept.xmp, xmp)) if old and not new]
    return Fitted(exif, xmp, tuple(f"its {name} is damaged: left out" for name in damaged))
