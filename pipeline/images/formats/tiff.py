"""TIFF to values."""

import io
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile

from pipeline.images.containers.exif import ORIENTATION, exif_of_tiff
from pipeline.images.containers.xmp import XMP_TAG
from pipeline.images.raster import CHANNELS, ImageError, Raster, Space, check_size, make_raster

MOST_PAGES = 64
"""Pages after these are not looked at; the list of pages may lead back to its start."""
MASK_PAGE = 4
"""Of the tag NewSubfileType: a page that says which pixels of another are transparent."""

SPACES: dict[str, tuple[Space, int]] = {
    "MINISBLACK": ("grey", 1),
    "MINISWHITE": ("grey", 1),
    "PALETTE": ("rgb", 1),
    "RGB": ("rgb", 3),
    "YCBCR": ("rgb", 3),
    "SEPARATED": ("cmyk", 4),
}
"""What the pixels of a TIFF mean, and how many channels say it."""


def decode_tiff(data: bytes) -> Raster:
    """Of up to 32 bits or of floats, grey, RGB, CMYK or of a palette; of several pages the first of the largest.

    Raises:
        ImageError: its pixels are no photo's.
        Exception: the decoder's own, for damaged ones.
    """
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        page, notes = _photo_among(tiff)
        check_size(page.imagewidth, page.imagelength)
        kind = tifffile.PHOTOMETRIC(page.photometric).name
        if kind not in SPACES:
            raise ImageError(f"its colours are {kind}: convert it to RGB")
        if kind == "YCBCR" and tifffile.COMPRESSION(page.compression).name not in ("JPEG", "OJPEG"):
            raise ImageError("its colours are YCbCr outside of JPEG: convert it to RGB")
        if page.axes not in ("YX", "YXS", "SYX"):
            raise ImageError(f"its axes are {page.axes}: a photo has height, width and colour: save it as RGB")
        if 0 in page.databytecounts:
            absent = sum(count == 0 for count in page.databytecounts)
            raise ImageError(f"damaged: {absent} of its {len(page.databytecounts)} strips or tiles are missing")
        beyond = sum(at + count > len(data) for at, count in zip(page.dataoffsets, page.databytecounts, strict=True))
        if beyond:
            raise ImageError(
                f"damaged: cut off: {beyond} of its {len(page.databytecounts)} strips or tiles are missing"
            )
        space, channels = SPACES[kind]
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        values, alpha = _without_extra_channels(values, page, space, channels)
        full = 1.0 if values.dtype.kind == "f" else float(2**page.bitspersample - 1)
        if page.colormap is not None:  # of 16 bits by the standard, of 8 as everybody writes and reads it
            values, full = np.moveaxis((page.colormap >> 8).astype(np.uint8)[:, values], 0, -1), 255.0
        if kind == "MINISWHITE":
            values = (np.asarray(full, values.dtype) - values).astype(values.dtype)
        raster = make_raster(
            values,
            full,
            page.tags.valueof(ORIENTATION, 1),
            space,
            premultiplied=alpha == "ASSOCALPHA",
            profile=page.iccprofile,
        )
        packet = page.tags.valueof(XMP_TAG)
        return raster._replace(
            bits=page.bitspersample,
            lossy="JPEG" in str(page.compression),
            notes=notes,
            exif=exif_of_tiff(data),
            xmp=packet if isinstance(packet, bytes) else None,
        )


class _Chosen(NamedTuple):
    page: Any
    notes: tuple[str, ...]


def _photo_among(tiff: Any) -> _Chosen:
    """The first of the largest pages that are no previews and no masks of others."""
    pages = list[Any]()
    try:
        pages += islice(tiff.pages, MOST_PAGES)
    except Exception:  # tifffile's, on what follows the first page
        pages = [tiff.pages[0]]
    whole = [page for page in pages if isinstance(page, tifffile.TiffPage)] or pages
    photos = [page for page in whole if not page.is_reduced and not int(page.subfiletype) & MASK_PAGE] or whole[:1]
    if not photos:
        raise ImageError("damaged: it holds no page")
    chosen = max(photos, key=lambda page: page.imagewidth * page.imagelength)
    if len(photos) == 1:
        return _Chosen(chosen, ())
    which = "first" if chosen is photos[0] else "largest"
    count = f"more than {MOST_PAGES}" if len(pages) == MOST_PAGES else len(photos)
    return _Chosen(chosen, (f"holds {count} pages: the {which} is taken",))


def _without_extra_channels(
    values: npt.NDArray[Any], page: Any, space: Space, channels: int
) -> tuple[npt.NDArray[Any], str]:
    """Colours, and transparency where there is one, with its kind; selections and the like are passed over."""
    count = values.shape[2] if values.ndim == 3 else 1
    extras = [tifffile.EXTRASAMPLE(extra).name for extra in page.extrasamples]
    if count <= channels:
        return values, ""
    if not extras and count == channels + 1:  # nobody says what it is: most likely transparency
        return values, "UNASSALPHA"
    alpha = next((at for at, name in enumerate(extras) if name in ("ASSOCALPHA", "UNASSALPHA")), None)
    if alpha is None and space == "grey" and count > CHANNELS["rgb"] - 1:
        raise ImageError(f"has {count} channels, none of which it calls a colour: save it as RGB")
    kept = [*range(channels), *([] if alpha is None else [channels + alpha])]
    return values[..., kept], "" if alpha is None else extras[alpha]
