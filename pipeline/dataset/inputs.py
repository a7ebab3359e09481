"""What the stages take of one pair: its photos and labels at the working size, checked against each other."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.dataset.config import WORKING_SIZE, Size
from pipeline.dataset.layouts import Pair
from pipeline.images.decoding import ImageError
from pipeline.images.masks import Labels, Mask, describe, read_classes, read_mask
from pipeline.images.photos import Alpha, Original, Photo, read_original, shrink, working_shape
from pipeline.store.files import hash_array, hash_bytes
from stages.segment.match import Regions, match_regions, one_region
from stages.settings import SMALLEST_EDGE

MASK_TOLERANCE = 1
"""In pixels: a mask may be this much off its photo, as in the paper's release."""

ALPHA, FULL_SIZE = "content transparency", "content at its own size"
"""What these are called among the hashes."""
AT_WORK = ("content", "style", "content regions", "style regions", ALPHA)
"""All of what is hashed but for the content at its own size, by which nothing is optimised."""


class InputError(ValueError):
    """All that is wrong with the files of one pair, one line each."""


class FullSize(NamedTuple):
    """The content as it stands in its file."""

    file: Path
    digest: str
    """Hash of what is decoded: colours, transparency and depth."""


class Inputs(NamedTuple):
    """One pair at the working size."""

    content: Photo
    style: Photo
    content_labels: Labels | None
    """H x W class numbers of the content's mask; None without masks."""
    style_labels: Labels | None
    regions: Regions
    """The classes that both have; all of both images without masks."""
    notes: tuple[str, ...]
    """What was put right on the way, for the user to know."""
    classes: tuple[str, ...] = ()
    """Each mask's classes with their areas, in words."""
    alpha: Alpha | None = None
    """The content's transparency, H x W in [0, 1]; None where it has none."""
    full_size: FullSize | None = None
    """Where the result is wanted at the content's own size."""

    def hashes(self) -> dict[str, str]:
        """One hash for each array, by name: what fingerprints are made of."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "content": self.content,
            "style": self.style,
            "content regions": self.regions.content,
            "style regions": self.regions.style,
        }
        if self.alpha is not None:
            arrays[ALPHA] = self.alpha
        hashes = {name: hash_array(array) for name, array in arrays.items()}
        return hashes if self.full_size is None else {**hashes, FULL_SIZE: self.full_size.digest}


def working_size(size: Size) -> int:
    """Long edge at which the stages work, pixels."""
    return WORKING_SIZE if size == "native" else size


def load_inputs(pair: Pair, size: Size) -> Inputs:
    """Reads a pair's files and brings them down to the working size.

    Raises:
        InputError: with every fault of the pair's files, not only the first.
    """
    faults: list[str] = []
    notes: list[str] = []
    photos: dict[str, Photo] = {}
    masks: dict[str, Mask] = {}
    alpha, full_size, edge = None, None, working_size(size)
    for role, photo_path, mask_path in (
        ("content", pair.content, pair.content_mask),
        ("style", pair.style, pair.style_mask),
    ):
        try:
            whole = read_original(photo_path)
            photo = whole.photo
            shape = working_shape(photo.shape, edge)
            if min(shape) < SMALLEST_EDGE:
                becomes = f"{_size(photo.shape)} becomes {shape[1]}x{shape[0]}"
                faults.append(f"{photo_path}: {becomes}: no edge may be under {SMALLEST_EDGE}")
            photos[role] = shrink(photo, edge)
            if role == "content":
                alpha = None if whole.alpha is None else shrink(whole.alpha[..., None], edge)[..., 0]
                full_size = FullSize(photo_path, _digest(whole)) if size == "native" else None
        except ImageError as error:
            faults.append(str(error))
        if mask_path is None:
            continue
        try:
            mask = read_mask(mask_path)
        except ImageError as error:
            faults.append(str(error))
            continue
        if role not in photos:
            continue
        off = max(abs(m - p) for m, p in zip(mask.shape, photo.shape[:2], strict=True))
        if off > MASK_TOLERANCE:
            remedy = "turn it" if mask.shape == photo.shape[1::-1] else "save the mask at the photo's size"
            faults.append(f"{mask_path}: is {_size(mask.shape)}, its photo {_size(photo.shape)}: {remedy}")
        elif off:
            notes.append(f"{mask_path.name} is {_size(mask.shape)}, its photo {_size(photo.shape)}: resampled to fit")
        masks[role] = mask.resampled(shape)
    if faults:
        raise InputError("\n".join(faults))
    content, style = photos["content"], photos["style"]
    if pair.content_mask is None or pair.style_mask is None:
        regions = one_region(content.shape[:2], style.shape[:2])
        return Inputs(content, style, None, None, regions, (), (), alpha, full_size)
    names = pair.content_mask.name, pair.style_mask.name
    sides = (names[0], masks["content"]), (names[1], masks["style"])
    try:
        read = read_classes(*sides, pair.mask_rules.palette)
        regions = match_regions(read.content, read.style, read.names, content, style)
    except ValueError as error:
        raise InputError(f"{pair.content_mask.parent}: {error}") from error
    notes += [*read.notes, *regions.notes]
    if pair.mask_rules.strict and notes:
        raise InputError("\n".join(f"{pair.content_mask.parent}: strict: {note}" for note in notes))
    classes = tuple(describe(*side, read.names) for side in zip(names, (read.content, read.style), strict=True))
    return Inputs(content, style, read.content, read.style, regions, tuple(notes), classes, alpha, full_size)


def _digest(original: Original) -> str:
    alpha = "opaque" if original.alpha is None else hash_array(original.alpha)
    return hash_bytes(f"{hash_array(original.photo)} {alpha} {original.bits} bits".encode())


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
