"""A look learnt from photos and from the photos whose look they are to get.

The photos are laid out in one picture, which goes through the stages like any photo. So their colours are pooled, and
what the network finds is found for all of them at once: a bright photo and a dark one keep what tells them apart.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import working_size
from pipeline.dataset.pairs import Pair
from pipeline.images.encoding import encode_png
from pipeline.images.photos import read_photo, resized, shrink, understand, working_shape
from pipeline.looks.fitting import Example, fit_look
from pipeline.looks.look_file import Look, LookError
from pipeline.run.summary import failure_line
from pipeline.store.cache import cache_folder
from pipeline.store.files import hash_bytes, write_atomically
from pipeline.transfer.solving import solve_pairs
from pipeline.upkeep.progress import OnEvent, Said, ignore
from stages.arrays import Photo

MOST_PHOTOS = 36
"""In the layout: of more, so many are taken, evenly among them. Each is 116 pixels wide then: its colours are there."""
STRIPS = 8
ASPECT = 1.5
"""Of a place in the layout, width to height, where the rows are full."""


class Style(NamedTuple):
    """A photo with a look, and its share of what is made."""

    photo: Path
    share: float


def make_look(
    photos: Sequence[Path], styles: Sequence[Style], config: Config, goes_to: Path, on_event: OnEvent = ignore
) -> Look:
    """Learns a look.

    Args:
        photos: like those that it will be applied to.
        styles: with shares that sum to one.
        config: all settings.
        goes_to: the look's file: names the place in the cache where unfinished work lies.
        on_event: told what is going on.

    Raises:
        ImageError: a photo can't be read.
        LookError: it can't be made of this style; with every reason.
        EncoderError, SemanticModelError: the network can't be had.
        LockedError: another process has the same work in hand.
        OSError: the disk is full.
    """
    if len(photos) > MOST_PHOTOS:
        on_event(Said(f"{MOST_PHOTOS} of the {len(photos)} photos are taken, evenly among them"))
        photos = [photos[at * len(photos) // MOST_PHOTOS] for at in range(MOST_PHOTOS)]
    edge = working_size(config.size)
    layout = _cached(lay_out(map(read_photo, photos), len(photos), edge))
    evened = [_cached(without_height(shrink(read_photo(style.photo), edge))) for style in styles]
    names = [f"{number} {style.photo.name}" for number, style in enumerate(styles, start=1)]
    pairs = [Pair(name, layout, style) for name, style in zip(names, evened, strict=True)]
    solvable = solve_pairs(pairs, config, goes_to, on_event)
    if solvable.failures:
        raise LookError("\n".join(failure_line(failure) for failure in solvable.failures))
    read = lru_cache(2)(understand)
    solved = [solvable.solve[pair.name](read) for pair in pairs]
    result = np.average([one.result for one in solved], axis=0, weights=[style.share for style in styles])
    record = {
        "photos": [photo.name for photo in photos],
        "styles": {style.photo.name: style.share for style in styles},
        "settings": msgspec.to_builtins(config),
    }
    return fit_look([Example(solved[0].content, result.astype(np.float32))], record)


def lay_out(photos: Iterable[Photo], count: int, edge: int) -> Photo:
    """Photos in rows, without gaps, H x W x 3 in [0, 1]; their long edge has `edge` pixels.

    Each fills its place, wider or narrower than it is: what counts is its colours. One alone keeps its shape.

    photos: `count` of them, each H x W x 3, which are looked at one after the other.
    """
    if count == 1:
        (photo,) = photos
        return resized(photo, *working_shape(photo.shape, edge))
    columns = math.ceil(math.sqrt(count))
    rows, height = math.ceil(count / columns), round(edge / columns / ASPECT)
    layout: Photo = np.empty((rows * height, edge, 3), np.float32)
    in_order = iter(photos)
    for row in range(rows):
        in_row = count * (row + 1) // rows - count * row // rows
        for at in range(in_row):
            left, right = edge * at // in_row, edge * (at + 1) // in_row
            layout[row * height : (row + 1) * height, left:right] = resized(next(in_order), height, right - left)
    return layout


def without_height(style: Photo) -> Photo:
    """A style, H x W x 3, in strips that are turned by more and more of its height.

    The colour match gives a photo the style's light from top to bottom. In a layout of many photos, height means
    nothing, and a table knows no places.
    """
    strips = np.array_split(style, STRIPS, axis=1)
    turned = [np.roll(strip, len(style) * at // STRIPS, axis=0) for at, strip in enumerate(strips)]
    return np.concatenate(turned, axis=1)


def _cached(photo: Photo) -> Path:
    """A photo as a file in the cache."""
    image = encode_png(photo, 16)
    path = cache_folder() / "layouts" / f"{hash_bytes(image)}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_atomically(path, image)
    return path
