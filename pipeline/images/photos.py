"""A photo at its own size, float32, (H, W, 3), sRGB values in [0, 1], and what its result keeps of its file."""

from typing import NamedTuple

from pipeline.images.raster import Alpha
from stages.arrays import Photo


class Kept(NamedTuple):
    """What a result keeps of its photo's file, beside the pixels, as it stands there; None where there is none."""

    exif: bytes | None = None
    xmp: bytes | None = None
    profile: bytes | None = None
    """Of RGB colours."""

    def stripped(self) -> "Kept":
        """Without what tells of people, places and cameras; the profile says what the colours are, and stays."""
        return Kept(profile=self.profile)


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
