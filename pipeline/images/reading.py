"""Photo files as the stages take them: of any kind that is decoded, with their colours brought to sRGB."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.images.colour_space import to_srgb
from pipeline.images.decoding import read_raster
from pipeline.images.photos import Kept, Original, Understood
from pipeline.images.raster import A_HAIR, ImageError, Raster
from pipeline.images.transparency import extend_colours, without_premultiplication
from stages.arrays import Photo


def read_photo(path: Path) -> Photo:
    """The colours alone of `read_original`, with the same errors."""
    return read_original(path).photo


def read_original(path: Path) -> Original:
    """The photo alone of `understand`, with the same errors."""
    return understand(path).original


def understand(path: Path, *, as_levels: bool = False) -> Understood:
    """Reads a photo of any kind that `decoding` knows: float32, (H, W, 3), sRGB in [0, 1], and its transparency.

    With `as_levels`, an opaque photo whose file holds the levels of sRGB is these: uint8 or uint16, a quarter of the
    memory.

    EXIF orientation is applied, colours are converted to sRGB from the profile or colour space that the file names, if
    it fits them; grey becomes three equal channels. What is wholly transparent has no colour: it takes those around it.

    Raises:
        ImageError: unreadable, of another kind, CMYK without a profile that fits, too large, wholly transparent, with
            NaN, out of range.
    """
    raster = read_raster(path)
    if raster.unreadable_colours is not None:
        raise ImageError(f"{path}: {raster.unreadable_colours}: convert it to sRGB")
    bits, kept = _bits(raster), Kept(raster.exif, raster.xmp, raster.profile if raster.space == "rgb" else None)
    if as_levels and not raster.has_alpha and raster.space == "rgb" and _holds_levels(raster):
        probe = np.zeros((1, 1, 3), np.float32)
        converted = to_srgb(probe, raster, path)
        if converted.colours is probe:  # nothing is moved
            notes = (*raster.notes, *([converted.note] if converted.note else []))
            return Understood(Original(raster.values, None, bits, kept), notes)
    values, notes = _normalised(raster, path)
    colours, alpha = values, None
    if raster.has_alpha:
        colours, alpha = np.ascontiguousarray(values[..., :-1]), np.ascontiguousarray(values[..., -1])
        if raster.premultiplied:
            colours = without_premultiplication(colours, alpha)
        if not alpha.any():
            raise ImageError(f"{path}: wholly transparent: there is nothing to see")
    converted = to_srgb(colours, raster, path)
    photo = np.ascontiguousarray(np.broadcast_to(converted.colours, (*values.shape[:2], 3)))
    notes = (*raster.notes, *notes, *([converted.note] if converted.note else []))
    if alpha is None or alpha.min() == 1:
        return Understood(Original(photo, None, bits, kept, converted.beyond), notes)
    return Understood(Original(extend_colours(photo, alpha), alpha, bits, kept, converted.beyond), notes)


def _bits(raster: Raster) -> int:
    return 8 if raster.values.dtype == np.uint8 else 16


def _holds_levels(raster: Raster) -> bool:
    """Whether its values are integers up to the largest of their type: nothing can be amiss with them."""
    return raster.values.dtype.kind == "u" and np.iinfo(raster.values.dtype).max == raster.full


class _Normalised(NamedTuple):
    values: npt.NDArray[np.float32]
    notes: tuple[str, ...]


def _normalised(raster: Raster, path: Path) -> _Normalised:
    """The file's values over that of white."""
    if raster.values.dtype.kind == "i":
        kind = raster.values.dtype
        raise ImageError(f"{path}: values of type {kind}, which may be negative, are not a photo: save it as RGB")
    values: npt.NDArray[np.float32] = np.empty(raster.values.shape, np.float32)
    if raster.full == 1:  # there may be NaN among floats
        values[...] = raster.values
    else:
        np.divide(raster.values, np.float32(raster.full), out=values, dtype=np.float32)
    if _holds_levels(raster):
        return _Normalised(values, ())
    if not np.isfinite(values.sum(dtype=np.float64)):
        count = np.count_nonzero(~np.isfinite(values))
        raise ImageError(f"{path}: {count} values are NaN or infinite: give them numbers")
    least, most = values.min(), values.max()
    if least < -A_HAIR or most > 1 + A_HAIR:
        raise ImageError(f"{path}: values reach from {least:g} to {most:g}, outside [0, 1]: clip them")
    if least >= 0 and most <= 1:
        return _Normalised(values, ())
    count = np.count_nonzero((values < 0) | (values > 1))
    np.clip(values, 0, 1, out=values)
    return _Normalised(values, (f"{count} values a hair outside [0, 1], from {least:g} to {most:g}: clipped",))
