"""Pictures as a page carries them: whole ones as base64 that is decoded when they are looked at, small ones at once."""

import base64
import io
from typing import NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.images.sizes import shrink
from stages.arrays import Photo

LARGEST = 1200
"""Long edge of a picture on the page, pixels: what is larger is brought down, what is smaller stays as it is."""
THUMB = 280
"""Long edge of a thumbnail, pixels."""
QUALITY, THUMB_QUALITY = 90, 80
"""JPEG, with colour at full resolution in the former: at 90 its errors are 40 dB below the picture, and not seen."""

Bytes = npt.NDArray[np.uint8]


class Picture(NamedTuple):
    """One picture of a page."""

    id: str
    """Of the element that holds the data: letters, digits and hyphens, never a name from outside."""
    label: str
    kind: str
    """Of the file: image/jpeg or image/png."""
    data: str
    """The file, base64."""
    thumb: str
    """A small one, as a data URI."""
    width: int
    height: int


def photo_picture(identifier: str, label: str, photo: Photo) -> Picture:
    """A photo, (H, W, 3) in [0, 1], as JPEG."""
    small = shrink(photo, LARGEST)
    height, width = small.shape[:2]
    data = _base64(encode_jpeg(small, QUALITY, "444"))
    return Picture(identifier, label, "image/jpeg", data, thumbnail(photo), width, height)


def painted_picture(identifier: str, label: str, painted: Photo) -> Picture:
    """A label map in plain colours, (H, W, 3) in [0, 1], as PNG: colours must not blend."""
    image = Image.fromarray(to_bytes(painted)).quantize(16, dither=Image.Dither.NONE)
    small, large = image.copy(), image.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.NEAREST)
    large.thumbnail((LARGEST, LARGEST), Image.Resampling.NEAREST)
    thumb = data_uri("image/png", _encode_png(small))
    data = _base64(_encode_png(large))
    return Picture(identifier, label, "image/png", data, thumb, large.width, large.height)


def thumbnail(photo: Photo, size: int = THUMB) -> str:
    """A small JPEG of a photo as a data URI."""
    return data_uri("image/jpeg", encode_jpeg(shrink(photo, size), THUMB_QUALITY, "420"))


def encode_jpeg(photo: Photo, quality: int, subsampling: str) -> bytes:
    """A JPEG of an (H, W, 3) photo in [0, 1]; its colours at full resolution with "444", at half with "420"."""
    values = np.ascontiguousarray(to_bytes(photo))
    return bytes(imagecodecs.jpeg8_encode(values, level=quality, subsampling=subsampling, optimize=True))


def to_bytes(photo: Photo) -> Bytes:
    """Values in [0, 1] as 8 bits."""
    return np.rint(np.clip(photo, 0, 1) * 255).astype(np.uint8)


def data_uri(kind: str, data: bytes) -> str:
    """A file within an address."""
    return f"data:{kind};base64,{_base64(data)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _encode_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
