"""Cameras' raw files to values, by LibRaw (the extra `raw`)."""

import io
import re

import numpy as np
import tifffile

from pipeline.images.containers.exif import exif_of_tiff
from pipeline.images.containers.jpeg_segments import take_apart
from pipeline.images.containers.xmp import XMP_TAG
from pipeline.images.raster import ImageError, Raster, check_size, make_raster

STARTS = rb"FUJIFILMCCD-RAW|IIRO|IIRS|MMOR|IIU\0|....ftypcrx |II\x1a\0\0\0HEAPCCDR|FOVb|\0MRM|II\*\0....CR"
"""The first bytes of those that are no TIFF, or say in them that they are one of a kind."""
DNG_VERSION = 50706
OF_SENSORS = ("CFA", "LINEAR_RAW")
MISSING = "a camera's raw file: install what reads it: pip install 'photostyle[raw]'"
SRGB_CURVE = (2.4, 12.92)


def is_raw(data: bytes) -> bool:
    """By its first bytes, or, for a TIFF, by whether a sensor's values are in it."""
    if re.match(STARTS, data[:64], re.DOTALL):
        return True
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return False
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            first = tiff.pages.first
            pages = [first, *(first.pages or ())]
            return DNG_VERSION in first.tags or any(
                tifffile.PHOTOMETRIC(page.photometric).name in OF_SENSORS for page in pages
            )
    except Exception:  # tifffile's; decode_tiff says what is wrong
        return False


def decode_raw(data: bytes) -> Raster:
    """Developed to 16 bits in sRGB: the camera's white balance, demosaiced, upright.

    The brightness is the exposure's: photos of a series stay as they are to each other.

    Raises:
        ImageError: rawpy is not installed.
        Exception: LibRaw's own, for damaged ones and cameras that it does not know.
    """
    try:
        import rawpy
    except ImportError as error:
        raise ImageError(MISSING) from error
    with rawpy.imread(io.BytesIO(data)) as raw:
        check_size(raw.sizes.width, raw.sizes.height)
        values = raw.postprocess(
            use_camera_wb=True,
            output_bps=16,
            output_color=rawpy.ColorSpace.sRGB,
            gamma=SRGB_CURVE,
            no_auto_bright=True,
        )
        exif = exif_of_tiff(b"II*\0" + data[4:] if data[:2] == b"II" else data)
        try:
            preview = raw.extract_thumb()
            if exif is None and preview.format == rawpy.ThumbFormat.JPEG:
                jpeg = take_apart(bytes(preview.data))
                exif = None if jpeg is None else jpeg.exif
        except rawpy.LibRawError:  # it has none
            pass
    return make_raster(np.asarray(values), 65535.0, 1)._replace(bits=16, exif=exif, xmp=_xmp(data))


def _xmp(data: bytes) -> bytes | None:
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            packet = tiff.pages.first.tags.valueof(XMP_TAG)
    except Exception:  # tifffile's: no TIFF, or what it says beside its pixels is damaged
        return None
    return packet if isinstance(packet, bytes) else None
