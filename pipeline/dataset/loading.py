"""A pair's files read, checked against each other, and brought to the working size."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.dataset.inputs import FullSize, InputError, Inputs
from pipeline.dataset.pairs import Pair
from pipeline.dataset.prepared import Prepared, Reduced, read_reduced
from pipeline.images.masks.classes import describe, read_classes
from pipeline.images.masks.mask import Mask
from pipeline.images.masks.reading import read_mask
from pipeline.images.photos import Understood
from pipeline.images.raster import ImageError
from pipeline.images.reading import understand
from pipeline.images.sizes import working_shape
from pipeline.settings.config import Size, working_size
from stages.segment.remap import match_regions, one_region
from stages.settings import SMALLEST_EDGE

MASK_TOLERANCE = 1
"""In pixels: a mask may be this much off its photo, as in the paper's release."""


def load_inputs(
    pair: Pair,
    size: Size,
    prepared: Prepared | None = None,
    read: Callable[[Path], Understood] = understand,
) -> Inputs:
    """Reads a pair's files and brings them down to the working size.

    Args:
        pair: its files.
        size: the working size.
        prepared: where its photos may be kept, brought down, while a run lasts; None for nowhere.
        read: reads a photo, or remembers it.

    Raises:
        InputError: with every fault of the pair's files, not only the first.
    """
    faults: list[str] = []
    notes: dict[Path, list[str]] = {path: [] for path in pair.files()}
    photos: dict[str, Reduced] = {}
    masks: dict[str, Mask] = {}
    edge = working_size(size)
    for role, photo_path, mask_path in (
        ("content", pair.content, pair.content_mask),
        ("style", pair.style, pair.style_mask),
    ):
        try:
            whole = role == "content" and size == "native"
            photo = read_reduced(photo_path, edge, prepared, read, whole=whole)
            notes[photo_path] += photo.notes
            shape = working_shape(photo.shape, edge)
            if small := too_small(photo.shape, edge):
                faults.append(f"{role} {photo_path}: {small}")
            photos[role] = photo
        except ImageError as error:
            faults.append(f"{role} {error}")
        if mask_path is None:
            continue
        try:
            mask = read_mask(mask_path)
            notes[mask_path] += mask.notes
        except ImageError as error:
            faults.append(str(error))
            continue
        if role not in photos:
            continue
        off = max(abs(m - p) for m, p in zip(mask.shape, photo.shape, strict=True))
        if off > MASK_TOLERANCE:
            remedy = "turn it" if mask.shape == photo.shape[::-1] else "save the mask at the photo's size"
            faults.append(f"{mask_path}: is {_size(mask.shape)}, its photo {_size(photo.shape)}: {remedy}")
        elif off:
            notes[mask_path].append(f"{_size(mask.shape)}, its photo {_size(photo.shape)}: resampled to fit")
        masks[role] = mask.resampled(shape)
    if faults:
        raise InputError("\n".join(faults))
    content, style, alpha = photos["content"].photo, photos["style"].photo, photos["content"].alpha
    full_size = FullSize(pair.content, photos["content"].digest) if size == "native" else None
    shapes = photos["content"].shape, photos["style"].shape
    if pair.content_mask is None or pair.style_mask is None:
        regions = one_region(content.shape[:2], style.shape[:2])
        return Inputs(content, style, None, None, regions, _told(notes, pair), (), alpha, full_size, shapes)
    names = pair.content_mask.name, pair.style_mask.name
    sides = (names[0], masks["content"]), (names[1], masks["style"])
    try:
        named = read_classes(*sides, pair.mask_rules.palette)
        regions = match_regions(named.content, named.style, named.names, content, style, sure=pair.mask_rules.sure)
    except ValueError as error:
        raise InputError(f"{pair.content_mask.parent}: {error}") from error
    notes[pair.content_mask] += [*named.content_notes, *regions.content_notes]
    notes[pair.style_mask] += [*named.style_notes, *regions.style_notes]
    told = _told(notes, pair)
    classes = tuple(describe(*side, named.names) for side in zip(names, (named.content, named.style), strict=True))
    return Inputs(content, style, named.content, named.style, regions, told, classes, alpha, full_size, shapes)


def too_small(shape: tuple[int, ...], edge: int) -> str:
    """What is wrong with a photo of such a shape, brought down to a long edge; "" where nothing is."""
    becomes = working_shape(shape, edge)
    if min(becomes) >= SMALLEST_EDGE:
        return ""
    remedy = f"no edge may be under {SMALLEST_EDGE}: crop it, or choose another photo"
    return f"{_size(shape)} becomes {_size(becomes)}: {remedy}"


def _told(notes: Mapping[Path, Sequence[str]], pair: Pair) -> tuple[str, ...]:
    """One line for each file of which there is something to say.

    Raises:
        InputError: there is, and the dataset's rules are strict.
    """
    alike = len({path.name for path in notes}) < len(notes)
    names = {path: f"{path.parent.name}/{path.name}" if alike else path.name for path in notes}
    told = tuple(f"{names[path]}: {'; '.join(texts)}" for path, texts in notes.items() if texts)
    if pair.mask_rules.strict and told:
        raise InputError("\n".join(f"{pair.content.parent}: strict: {line}" for line in told))
    return told


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
