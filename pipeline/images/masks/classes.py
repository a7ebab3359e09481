"""The masks of a pair over the same classes, whether they hold colours or numbers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.images.masks.mask import Mask
from pipeline.images.raster import ImageError
from stages.arrays import Labels
from stages.segment.labels import FRINGE, SMALLEST_PAINT, Colour, Reading, is_painted, paints, read_labels

MOST_CLASSES = 255
"""Labels are bytes, and one is kept for what is of no use."""
MAKE_ALIKE = "make both of a kind"


class Classes(NamedTuple):
    """The masks of a pair over one list of classes."""

    content: Labels
    """(H, W), indices into the names."""
    style: Labels
    names: tuple[str, ...]
    content_notes: tuple[str, ...] = ()
    """What of the content's mask had to be guessed."""
    style_notes: tuple[str, ...] = ()


class Side(NamedTuple):
    """One of a pair's masks, with the name of its file."""

    name: str
    mask: Mask


def read_classes(content: tuple[str, Mask], style: tuple[str, Mask], palette: Mapping[str, Colour]) -> Classes:
    """The masks of a pair as labels over the same classes.

    One channel may mean colours or class numbers. They are numbers if both masks can be read so, and one of them is
    not painted in the dataset's palette. Masks with palettes of their own are matched by the palettes' colours.

    Args:
        content, style: each mask with the name of its file.
        palette: the dataset's colours.

    Raises:
        ImageError: one holds colours and the other can only hold numbers; their numbers may mean different things; or
            see `read_labels`.
    """
    sides = Side(*content), Side(*style)
    painted = [_painted(mask, palette) for _, mask in sides]
    numbers = [mask.numbers for _, mask in sides if mask.numbers is not None]
    if len(numbers) == 2 and (not all(painted) or _crowd(sides, palette)):
        _check_numbers(sides, numbers, painted)
        return _read_numbers(sides, numbers)
    indexed = [mask.indexed for _, mask in sides]
    if not numbers and not all(painted) and (all(indexed) or (any(indexed) and not any(painted))):
        return _read_colours(sides)
    labels, notes = list[Labels](), list[tuple[str, ...]]()
    for (name, mask), one_painted in zip(sides, painted, strict=True):
        if mask.colours is None or (mask.numbers is not None and not one_painted):
            raise ImageError(f"{name} holds class numbers{_listed(mask)}, the other mask colours: {MAKE_ALIKE}")
        try:
            reading = read_labels(mask.colours, palette)
        except ValueError as error:
            raise ImageError(f"{name}: {error}") from error
        labels.append(reading.labels)
        notes.append((*reading.taken, *_fringe(mask, reading)))
    return Classes(labels[0], labels[1], tuple(palette), *notes)


def describe(name: str, labels: Labels, names: tuple[str, ...]) -> str:
    """A mask's classes with their areas, in one line."""
    shares = np.bincount(labels.ravel(), minlength=len(names)) / labels.size
    largest_first = np.argsort(-shares, kind="stable")
    return f"{name}: {', '.join(f'{names[k]} {shares[k]:.1%}' for k in largest_first if shares[k] > 0)}"


def _check_numbers(sides: tuple[Side, Side], numbers: list[npt.NDArray[np.integer[Any]]], painted: list[bool]) -> None:
    """Refuses masks whose numbers need not mean the same."""
    held = [set(np.unique(each).tolist()) for each in numbers]
    (_, content), (_, style) = sides
    if content.bits != style.bits and min(content.bits, style.bits) < 8:
        bits = " and ".join(f"{name} {mask.bits}" for name, mask in sides)
        raise ImageError(f"the masks' class numbers are of different depth in bits ({bits}): save both at 8 bits")
    for here, there in ((0, 1), (1, 0)):
        if painted[here] and not painted[there] and not held[here] <= held[there]:
            raise ImageError(
                f"{sides[there].name} holds class numbers{_listed(sides[there].mask)}, {sides[here].name} is painted "
                f"in black, grey or white{_listed(sides[here].mask)}: {MAKE_ALIKE}"
            )


def _listed(mask: Mask) -> str:
    """A mask's numbers, as far as they are few."""
    known = [] if mask.numbers is None else np.unique(mask.numbers).tolist()
    return f" ({', '.join(map(str, known[:4]))}{', ...' if len(known) > 4 else ''})" if known else ""


def _read_numbers(sides: tuple[Side, Side], numbers: list[npt.NDArray[np.integer[Any]]]) -> Classes:
    known = np.unique(np.concatenate([np.unique(each) for each in numbers]))
    if len(known) > MOST_CLASSES:
        worst = max(range(2), key=lambda side: len(np.unique(numbers[side])))
        raise ImageError(
            f"{sides[worst].name}: {len(known)} class numbers in the two masks, {MOST_CLASSES} at most: "
            "was it resized or compressed? Save label maps as PNG, resized to the nearest pixel"
        )
    labels = [np.searchsorted(known, each).astype(np.uint8) for each in numbers]
    return Classes(labels[0], labels[1], tuple(f"class {number}" for number in known))


def _read_colours(sides: tuple[Side, Side]) -> Classes:
    """Masks with palettes of their own: what is of one colour in both, or nearly so, is one class."""
    classes: list[Colour] = []
    for name, mask in sides:
        assert mask.colours is not None
        found = sorted(paints(mask.colours))
        if not found:
            raise ImageError(f"{name}: no colour of its palette is on {SMALLEST_PAINT:.1%} of it: is it a photo?")
        for colour in found:
            near = [known for known in classes if _levels(known, colour) <= FRINGE]
            if colour in near:
                continue
            if len(near) > 1 or (near and any(_levels(near[0], other) <= FRINGE for other in found if other != colour)):
                raise ImageError(
                    f"{name}: its {_words(colour)} could be {' or '.join(map(_words, near))} of the other mask: "
                    "paint what belongs together in exactly one colour"
                )
            if not near:
                classes.append(colour)
    if len(classes) > MOST_CLASSES:
        raise ImageError(f"the masks have {len(classes)} colours, {MOST_CLASSES} at most: paint fewer regions")
    palette = {f"colour {_words(colour)}": colour for colour in classes}
    labels = [_nearest(mask, classes) for _, mask in sides]
    return Classes(labels[0], labels[1], tuple(palette))


def _nearest(mask: Mask, classes: list[Colour]) -> Labels:
    """Of the classes that a mask holds, the nearest to each pixel's colour."""
    assert mask.colours is not None
    colours, inverse = np.unique(mask.colours.reshape(-1, 3), axis=0, return_inverse=True)
    own = paints(mask.colours)
    held = [k for k, known in enumerate(classes) if any(_levels(known, colour) <= FRINGE for colour in own)]
    offset = colours[:, None].astype(np.int32) - np.array([classes[k] for k in held], np.int32)
    nearest: Labels = np.array(held, np.uint8)[(offset**2).sum(axis=2).argmin(axis=1)][inverse].reshape(mask.shape)
    return nearest


def _levels(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _words(colour: Colour) -> str:
    return " ".join(map(str, colour))


def _painted(mask: Mask, palette: Mapping[str, Colour]) -> bool:
    """Whether all it is painted in is of the palette. Where it may hold class numbers, a 3 is a number, no black."""
    if mask.colours is None:
        return False
    if mask.numbers is None:
        return is_painted(mask.colours, palette)
    known = np.array(list(palette.values()))
    return all(
        paint in palette.values() or (max(paint) > FRINGE and np.abs(known - paint).max(axis=1).min() <= FRINGE)
        for paint in paints(mask.colours)
    )


def _crowd(sides: tuple[Side, Side], palette: Mapping[str, Colour]) -> bool:
    """Whether masks of the same greys have several near one of the palette's: 126, 128, 130 are numbers, no paint."""
    known = np.array(list(palette.values()))
    content, style = (paints(mask.colours) if mask.colours is not None else set() for _, mask in sides)
    nearest = {paint: int(np.abs(known - paint).max(axis=1).argmin()) for paint in content | style}
    return (content <= style or style <= content) and len(set(nearest.values())) < len(nearest)


def _fringe(mask: Mask, reading: Reading) -> list[str]:
    """What is said of edges between the colours; nothing where hardly a pixel is far from them."""
    if reading.fringe < SMALLEST_PAINT:
        return []
    what = "between the palette's colours"
    if mask.lossy:
        what = "off the palette, for JPEG and lossy WebP keep no exact colours (save masks as PNG)"
    far = f"by {reading.mean_offset:.0f} of 255 levels on average, {reading.largest_offset} at most"
    return [f"{reading.off:.1%} of its pixels are {what}, {far}: taken for the nearest"]
