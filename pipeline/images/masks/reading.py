"""A mask as its file has it, whatever the kind: painted in colours, or class numbers in one channel or a palette."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.images.decoding import read_raster
from pipeline.images.masks.mask import Mask
from pipeline.images.raster import A_HAIR, ImageError, Raster, nearest_of_the_rest
from stages.segment.labels import FRINGE

MOST_CLEAR = 0.01
"""Of a mask: so much may be transparent, and takes the class around it."""


def read_mask(path: Path) -> Mask:
    """Reads a mask: RGB, grey, of a palette, or of class numbers of up to 32 bits.

    A palette's colours are what counts: each file has its own order of them. Only where they are none (equal, or a
    ramp of greys that says the number itself) the numbers count.

    Raises:
        ImageError: as for photos; and for CMYK, transparency on more than `MOST_CLEAR`, numbers below 0 or broken.
    """
    raster = read_raster(path)
    if raster.space == "cmyk":
        raise ImageError(f"{path}: a mask is RGB, grey or of a palette, this one is CMYK: save it as PNG")
    opaque, notes = _without_transparency(raster, path)
    read = _painted_mask(opaque, path) if opaque.values.shape[2] == 3 else _grey_mask(opaque, path)
    if raster.lossy:
        read = read._replace(numbers=None)
    bits = raster.bits if raster.indices is None else 8
    return read._replace(lossy=raster.lossy, bits=bits, notes=(*raster.notes, *notes))


def _without_transparency(raster: Raster, path: Path) -> tuple[Raster, tuple[str, ...]]:
    """Without its last channel; what little is transparent takes the class around it."""
    if not raster.has_alpha:
        return raster, ()
    clear, values = raster.values[..., -1] == 0, raster.values[..., :-1]
    count = np.count_nonzero(clear)
    if count > MOST_CLEAR * clear.size:
        share = f"{count / clear.size:.1%} of it"
        raise ImageError(f"{path}: {share}, {count} pixels, is transparent, of no class: paint every pixel")
    if not count:
        return raster._replace(values=values, has_alpha=False), ()
    rows, columns = nearest_of_the_rest(clear)
    indices = None if raster.indices is None else raster.indices[rows, columns]
    note = f"{count} transparent pixel{'s' if count > 1 else ''} of {clear.size} taken for what is around"
    return raster._replace(values=values[rows, columns], has_alpha=False, indices=indices), (note,)


def _painted_mask(raster: Raster, path: Path) -> Mask:
    colours = _in_bytes(raster, path)
    if raster.indices is not None:
        numbers = raster.indices
        used, where = np.unique(numbers, return_index=True)
        palette = colours.reshape(-1, 3)[where]
        if len(used) > 1 and (palette == palette[0]).all():
            return Mask(None, numbers)
        is_ramp = bool((palette == used[:, None]).all())
        return Mask(colours, numbers) if is_ramp else Mask(colours, None, indexed=True)
    as_grey = colours.max() <= FRINGE and bool((colours == colours[..., :1]).all())
    return Mask(colours, colours[..., 0] if as_grey else None)


def _in_bytes(raster: Raster, path: Path) -> npt.NDArray[np.uint8]:
    """Colours of any depth at 8 bits."""
    values = raster.values
    if values.dtype == np.uint8 and raster.full == np.iinfo(np.uint8).max:
        return values
    shares = values / raster.full
    if values.dtype.kind == "i" or not (shares.min() >= -A_HAIR and shares.max() <= 1 + A_HAIR):  # nor is NaN
        raise ImageError(f"{path}: colours of a mask reach from 0 to white, these don't: save it as 8-bit PNG")
    in_bytes: npt.NDArray[np.uint8] = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
    return in_bytes


def _grey_mask(raster: Raster, path: Path) -> Mask:
    """Class numbers, or black, grey and white."""
    numbers = raster.values[..., 0]
    if numbers.dtype.kind == "f" and (numbers == np.rint(numbers).clip(0, 2**24)).all():  # nor is NaN
        return Mask(None, numbers.astype(np.uint32))
    if numbers.dtype.kind not in "iu":
        raise ImageError(f"{path}: class numbers are whole, these are {numbers.dtype}: save it as 8- or 16-bit PNG")
    if numbers.min() < 0:
        raise ImageError(f"{path}: holds {numbers.min()}: class numbers start at 0: save it with other numbers")
    if path.suffix.lower() == ".pgm":  # FastPhotoStyle's
        return Mask(None, numbers)
    full = 2**raster.bits - 1
    if raster.full > full:  # a PNG of 1, 2 or 4 bits, whose values are stretched to bytes
        numbers = numbers // (int(raster.full) // full)
    stretch, rest = divmod(full, 255) if full > 255 else (1, 0)
    if numbers.dtype.itemsize > 2 or rest or (numbers % stretch).any():
        return Mask(None, numbers)
    greys = np.rint(numbers / full * 255).astype(np.uint8)
    return Mask(np.repeat(greys[..., None], 3, axis=2), numbers)
