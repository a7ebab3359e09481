"""Masks as files have them, whatever the kind: painted in colours, or class numbers in one channel or a palette."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.images.decoding import ImageError, read_raster
from stages.segment.labels import FRINGE, PALETTE, Colour, Reading, paints, read_labels

Labels = npt.NDArray[np.uint8]

MOST_CLASSES = 255
"""Labels are bytes, and one is kept for what is of no use."""


class Mask(NamedTuple):
    """A mask as it stands in its file; a file of one channel may be understood in both ways."""

    colours: npt.NDArray[np.uint8] | None
    """H x W x 3."""
    numbers: npt.NDArray[np.integer[Any]] | None
    """H x W class numbers."""
    jpeg: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        plane = self.numbers if self.numbers is not None else self.colours
        assert plane is not None
        return plane.shape[0], plane.shape[1]

    def resampled(self, shape: tuple[int, int]) -> "Mask":
        """The nearest pixel for each pixel of `shape` (height, width)."""
        rows, columns = (
            np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)
            for new, old in zip(shape, self.shape, strict=True)
        )
        colours = None if self.colours is None else self.colours[rows[:, None], columns]
        numbers = None if self.numbers is None else self.numbers[rows[:, None], columns]
        return Mask(colours, numbers, self.jpeg)


class Classes(NamedTuple):
    """The masks of a pair over one list of classes."""

    content: Labels
    """H x W, indices into the names."""
    style: Labels
    names: tuple[str, ...]
    notes: tuple[str, ...]
    """What had to be guessed, one line each."""


class MaskRules(NamedTuple):
    """How a dataset's masks are read."""

    palette: Mapping[str, Colour] = PALETTE
    strict: bool = False
    """Whether what could be put right is an error nevertheless."""


def read_mask(path: Path) -> Mask:
    """Reads a mask: RGB, grey, of a palette, or of class numbers of up to 32 bits.

    Raises:
        ImageError: as for photos; and for CMYK, transparency, colours of more than 8 bits, numbers below 0 or broken.
    """
    raster = read_raster(path)
    values = raster.values
    if raster.space == "cmyk":
        raise ImageError(f"{path}: a mask is RGB, grey or of a palette, this one is CMYK: save it as PNG")
    if raster.has_alpha:
        if clear := np.count_nonzero(values[..., -1] == 0):
            share = clear / values[..., 0].size
            raise ImageError(f"{path}: {share:.1%} of it is transparent, of no class: paint every pixel")
        values = values[..., :-1]
    with path.open("rb") as file:
        jpeg = file.read(2) == b"\xff\xd8"
    if values.shape[2] == 3:
        if values.dtype != np.uint8 or raster.full != 255:
            kind = values.dtype
            raise ImageError(f"{path}: colours of a mask have 8 bits a channel, these are {kind}: save it as 8-bit PNG")
        as_grey = values.max() <= FRINGE and bool((values == values[..., :1]).all())
        numbers = raster.indices if raster.indices is not None else values[..., 0] if as_grey else None
        return Mask(values, None if jpeg else numbers, jpeg)
    numbers = values[..., 0]
    if numbers.dtype.kind not in "iu":
        raise ImageError(f"{path}: class numbers are whole, these are {numbers.dtype}: save it as 8- or 16-bit PNG")
    if numbers.min() < 0:
        raise ImageError(f"{path}: holds {numbers.min()}: class numbers start at 0")
    colours = np.repeat(numbers[..., None], 3, axis=2) if numbers.dtype == np.uint8 else None
    if path.suffix.lower() == ".pgm":  # FastPhotoStyle's
        colours = None
    return Mask(colours, None if jpeg else numbers, jpeg)


def read_classes(content: tuple[str, Mask], style: tuple[str, Mask], palette: Mapping[str, Colour]) -> Classes:
    """The masks of a pair as labels over the same classes.

    One channel, or a palette, may mean colours or class numbers. They are numbers if both masks can be read so, and one
    of them is not painted in the dataset's palette.

    Args:
        content, style: each mask with the name of its file.
        palette: the dataset's colours.

    Raises:
        ImageError: one holds colours and the other can only hold numbers; or see `read_labels`.
    """
    sides = (content, style)
    numbers = [mask.numbers for _, mask in sides if mask.numbers is not None]
    if len(numbers) == 2 and not all(_painted(mask, palette) for _, mask in sides):
        return _read_numbers(sides, numbers)
    labels, notes = [], []
    for name, mask in sides:
        if mask.colours is None:
            raise ImageError(f"{name} holds class numbers, the other mask colours: make both of a kind")
        try:
            reading = read_labels(mask.colours, palette)
        except ValueError as error:
            raise ImageError(f"{name}: {error}") from error
        labels.append(reading.labels)
        notes += _fringe(name, mask, reading)
    return Classes(labels[0], labels[1], tuple(palette), tuple(notes))


def describe(name: str, labels: Labels, names: tuple[str, ...]) -> str:
    """A mask's classes with their areas, in one line."""
    shares = np.bincount(labels.ravel(), minlength=len(names)) / labels.size
    largest_first = np.argsort(-shares, kind="stable")
    return f"{name}: {', '.join(f'{names[k]} {shares[k]:.1%}' for k in largest_first if shares[k] > 0)}"


def _read_numbers(sides: tuple[tuple[str, Mask], ...], numbers: list[npt.NDArray[np.integer[Any]]]) -> Classes:
    known = np.unique(np.concatenate([np.unique(each) for each in numbers]))
    if len(known) > MOST_CLASSES:
        worst = max(range(2), key=lambda side: len(np.unique(numbers[side])))
        raise ImageError(
            f"{sides[worst][0]}: {len(known)} class numbers in the two masks, {MOST_CLASSES} at most: "
            "was it resized or compressed? Save label maps as PNG, resized to the nearest pixel"
        )
    labels = [np.searchsorted(known, each).astype(np.uint8) for each in numbers]
    return Classes(labels[0], labels[1], tuple(f"class {number}" for number in known), ())


def _painted(mask: Mask, palette: Mapping[str, Colour]) -> bool:
    """Whether all it is painted in is of the palette: near one of its colours, but a 3 is a number, no black."""
    if mask.colours is None:
        return False
    known = np.array(list(palette.values()))
    return all(
        paint in palette.values() or (max(paint) > FRINGE and np.abs(known - paint).max(axis=1).min() <= FRINGE)
        for paint in paints(mask.colours)
    )


def _fringe(name: str, mask: Mask, reading: Reading) -> list[str]:
    if not reading.off:
        return []
    what = "between the palette's colours"
    if mask.jpeg:
        what = "off the palette, for a JPEG keeps no exact colours (save masks as PNG)"
    far = f"by {reading.mean_offset:.0f} of 255 levels on average, {reading.largest_offset} at most"
    return [f"{name}: {reading.off:.1%} of its pixels are {what}, {far}: taken for the nearest"]
