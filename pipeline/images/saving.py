"""Results as photo files: JPEG, PNG or TIFF, with the profile, EXIF and XMP of the photo that they are made from."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pipeline.images.colour_space import from_srgb, srgb_profile
from pipeline.images.containers.exif import DESCRIPTIVE, EXIF_IFD, GPS_IFD, PREFIX
from pipeline.images.containers.fitted import Fitted, fitted
from pipeline.images.containers.png_chunks import TEXT, packed, with_chunks
from pipeline.images.containers.png_chunks import XMP as XMP_KEYWORD
from pipeline.images.containers.xmp import XMP_TAG
from pipeline.images.encoding import FAST, Levels, encode_pixels, rounded
from pipeline.images.photos import Kept, Original
from pipeline.images.raster import ImageError

QUALITY = 95
FULL_COLOUR = 90
"""From this quality on a JPEG's colours are as fine as its light."""
MOST_IN_SEGMENT = 65533 - 29
"""Bytes of EXIF or XMP in a JPEG, with what stands before them."""


class Form(NamedTuple):
    """What is asked of the files of results."""

    quality: int = QUALITY
    """1 to 100, of a JPEG."""
    bits: int | None = None
    """8 or 16, which a JPEG does not have; None where a result has those of its photo."""
    strip: bool = False
    """Whether what tells of people, places and cameras is left out."""

    def encode(
        self, suffix: str, image: npt.NDArray[Any], original: Original, alpha: npt.NDArray[np.floating] | None
    ) -> "Encoded":
        """The bytes of a result of a photo; arguments and errors as for `encode_photo`."""
        kept, bits = original.kept.stripped() if self.strip else original.kept, self.bits_of(original)
        return encode_photo(suffix, image, kept, alpha=alpha, bits=bits, quality=self.quality)

    def bits_of(self, original: Original) -> int:
        """Of a result of a photo."""
        return self.bits or original.bits


class Encoded(NamedTuple):
    """A photo file's bytes."""

    data: bytes
    notes: tuple[str, ...] = ()
    """What could not be kept of the photo's file."""


def encode_photo(
    suffix: str,
    image: npt.NDArray[Any],
    kept: Kept = Kept(),  # noqa: B008
    *,
    alpha: npt.NDArray[np.floating] | None = None,
    bits: int = 8,
    quality: int = QUALITY,
) -> Encoded:
    """A result as the bytes of a file. The profile is the photo's where its gamut holds the result, or sRGB.

    Args:
        suffix: .jpg, .jpeg, .png, .tif or .tiff.
        image: (H, W, 3), sRGB: floats in [0, 1], or levels, uint8 or uint16. Floats outside are colours beyond sRGB,
            which are kept as far as the photo's own profile holds them.
        kept: of the photo that it is made from.
        alpha: (H, W) in [0, 1], where something is transparent.
        bits: 8, or 16; a JPEG has 8.
        quality: 1 to 100, of a JPEG.

    Raises:
        ImageError: a name of another kind; a JPEG that would be transparent.
    """
    encode = ENCODERS.get(suffix.lower())
    if encode is None:
        raise ImageError(f"{suffix or 'a name without an ending'} is not written: give one of {' '.join(ENCODERS)}")
    jpeg = encode is _jpeg
    if jpeg and alpha is not None:
        raise ImageError("it is transparent, and no JPEG can be: give .png or .tif")
    levels = _levels(image, 8 if jpeg else bits)
    wide = image if image.dtype.kind == "f" and (image.min() < 0 or image.max() > 1) else None
    own = from_srgb(levels, kept.profile, wide) if kept.profile else None
    pixels = levels if own is None else own
    beside = fitted(kept.exif, kept.xmp, levels.shape[1], levels.shape[0], srgb=own is None)
    if alpha is not None:
        pixels = np.dstack([pixels, _levels(alpha, bits)])
    return encode(pixels, beside, kept.profile if own is not None else None, quality)


def _levels(image: npt.NDArray[Any], bits: int) -> Levels:
    kind = np.dtype({8: np.uint8, 16: np.uint16}[bits])
    if image.dtype == kind:
        return image
    if image.dtype == np.uint8:
        return image.astype(np.uint16) * np.uint16(257)
    if image.dtype == np.uint16:
        return ((image + np.uint32(128)) // 257).astype(np.uint8)
    return rounded(image, bits)


def _jpeg(pixels: Levels, beside: Fitted, profile: bytes | None, quality: int) -> Encoded:
    held = {name: data for name, data in (("EXIF", beside.exif), ("XMP", beside.xmp)) if data}
    large = [name for name, data in held.items() if len(data) > MOST_IN_SEGMENT]
    notes = tuple(f"its {name} of {len(held.pop(name))} bytes does not fit into a JPEG: left out" for name in large)
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file,
        "JPEG",
        quality=quality,
        subsampling=0 if quality >= FULL_COLOUR else 2,
        icc_profile=profile or srgb_profile(),
        exif=PREFIX + held["EXIF"] if "EXIF" in held else b"",
        xmp=held.get("XMP", b""),
    )
    return Encoded(file.getvalue(), (*beside.notes, *notes))


def _png(pixels: Levels, beside: Fitted, profile: bytes | None, quality: int) -> Encoded:
    chunks = []
    if profile:
        chunks.append(packed(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if beside.exif:
        chunks.append(packed(b"eXIf", beside.exif))
    if beside.xmp:
        chunks.append(packed(TEXT, XMP_KEYWORD + b"\0\0\0\0" + beside.xmp))
    return Encoded(with_chunks(encode_pixels(pixels, level=FAST, srgb=profile is None), chunks), beside.notes)


def _tiff(pixels: Levels, beside: Fitted, profile: bytes | None, quality: int) -> Encoded:
    """The EXIF's directories stand behind the pixels: tifffile writes no such tags, so the next numbers' first."""
    exif = Image.Exif()
    if beside.exif:
        exif.load(beside.exif)
    inner = {tag: exif.get_ifd(tag) for tag in (EXIF_IFD, GPS_IFD)}
    tags: list[tuple[Any, ...]] = [(tag, 2, None, str(exif[tag]), True) for tag in DESCRIPTIVE if exif.get(tag)]
    tags += [(tag + 1, 4, 1, 0, True) for tag, directory in inner.items() if directory]
    if beside.xmp:
        tags.append((XMP_TAG, 1, len(beside.xmp), beside.xmp, True))
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels,
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        compression="zlib",
        compressionargs={"level": FAST},
        predictor=True,
        iccprofile=profile or srgb_profile(),
        metadata=None,
        byteorder="<",
        software=False,
        extratags=tags,
    )
    return Encoded(_with_directories(file, inner), beside.notes)


def _with_directories(file: io.BytesIO, directories: Mapping[int, Mapping[int, Any]]) -> bytes:
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        written = tiff.pages.first.tags
        places = {tag: written[tag + 1].offset for tag in directories if tag + 1 in written}
    for tag, place in places.items():
        start = file.seek(0, io.SEEK_END)
        start += file.write(b"\0" * (start % 2))
        directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
        for inner, value in directories[tag].items():
            directory[inner] = value
        file.write(directory.tobytes(start))
        file.seek(place)
        file.write(struct.pack("<HHII", tag, 4, 1, start))
    return file.getvalue()


Encode = Callable[[Levels, Fitted, bytes | None, int], Encoded]
ENCODERS: dict[str, Encode] = {".jpg": _jpeg, ".jpeg": _jpeg, ".png": _png, ".tif": _tiff, ".tiff": _tiff}
"""By a name's ending."""
