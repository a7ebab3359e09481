"""A look learnt from photos and from the photos whose look they are to get.

The photos are laid out in one picture, which gets the style's colours as a draft does. So their colours are pooled, and
a bright photo and a dark one keep what tells them apart. Stage one has no part in it: it gives places their light, and
a table of colours knows no places.

An average photograph lies among them. One bright photo alone would teach a look that everything has to become darker,
which turns the next, dark one black; so would a red one, that red is too much. The more photos there are, the less the
average one counts.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import scipy

from pipeline.dataset.file_names import printable
from pipeline.dataset.loading import too_small
from pipeline.dataset.pairs import Pair
from pipeline.events.progress import OnEvent, Said, ignore
from pipeline.images.encoding import encode_png
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.images.sizes import resized, shrink
from pipeline.looks.fitting import Example, fit_look
from pipeline.looks.look_file import LEFT_OUT, Look, LookError
from pipeline.settings.config import Config, working_size
from pipeline.store.cache import cache_folder
from pipeline.store.files import hash_bytes, write_atomically
from stages.arrays import Photo
from stages.colour.oklab import from_oklab

MOST_PHOTOS = 36
"""In the layout: of more, so many are taken, evenly among them. Each is 116 pixels wide then: its colours are there."""
KEPT = 0.15
"""Share of its distance to black and to white that a colour keeps in each channel, however dark or bright the style is:
another photo may have there what these have not."""
STRIPS = 8
AVERAGE, SPREAD = np.array([0.55, 0.0, 0.01]), np.array([0.23, 0.04, 0.05])
"""Mean and standard deviation of photographs' colours in OKLab, measured on 43 of all kinds."""
TURNS = 6
"""Of the hue, in the average photograph."""
ASPECT = 1.5
"""Of a place in the layout, width to height, where the rows are full."""


class Style(NamedTuple):
    """A photo with a look, and its share of what is made."""

    photo: Path
    share: float


Solve = Callable[[Sequence[Pair]], Sequence[Example]]
"""Takes pairs through the stages: what became of the content of each."""


def make_look(
    photos: Sequence[Path], styles: Sequence[Style], config: Config, solve: Solve, on_event: OnEvent = ignore
) -> Look:
    """Learns a look, from those of the photos that can be read: what is wrong with the others is told and recorded.

    Args:
        photos: like those that it will be applied to.
        styles: with shares that sum to one.
        config: all settings.
        solve: takes pairs of different names through the stages; may raise what it likes.
        on_event: told what is going on.

    Raises:
        ImageError: a style can't be read.
        LookError: none of the photos can.
        OSError: the disk is full.
    """
    if len(photos) > MOST_PHOTOS:
        on_event(Said(f"{MOST_PHOTOS} of the {len(photos)} photos are taken, evenly among them"))
        photos = [photos[at * len(photos) // MOST_PHOTOS] for at in range(MOST_PHOTOS)]
    edge = working_size(config.size)
    layout, left_out = _laid_out(photos, edge)
    for photo, reason in left_out.items():
        on_event(Said(f"{printable(photo.name)}: FAILED: {reason}"))
    evened = [_cached(without_height(_read_style(style.photo, edge))) for style in styles]
    names = [f"{number} {style.photo.name}" for number, style in enumerate(styles, start=1)]
    pairs = [Pair(name, _cached(layout), style) for name, style in zip(names, evened, strict=True)]
    solved = solve(pairs)
    result = np.average([one.result for one in solved], axis=0, weights=[style.share for style in styles])
    record = {
        "photos": [photo.name for photo in photos if photo not in left_out],
        LEFT_OUT: {str(photo): reason for photo, reason in left_out.items()},
        "styles": {style.photo.name: style.share for style in styles},
        "settings": msgspec.to_builtins(config),
    }
    content = solved[0].content
    within = result.clip(KEPT * content, 1 - KEPT * (1 - content)).astype(np.float32)
    return fit_look([Example(content, within)], record)


def _laid_out(photos: Sequence[Path], edge: int) -> tuple[Photo, dict[Path, str]]:
    """Photos beside the average one, and those that can't be read, with the reasons.

    Raises:
        LookError: none can be read.
    """
    left_out = dict[Path, str]()

    def read(photo: Path) -> Photo:
        try:
            return read_photo(photo)
        except ImageError as error:
            left_out[photo] = str(error)
            return average_photo()  # in its place, until the others are laid out without it

    while True:
        sound = [photo for photo in photos if photo not in left_out]
        if not sound:
            raise LookError("\n".join(["none of the photos can be read:", *left_out.values()]))
        known = len(left_out)
        layout = lay_out(chain(map(read, sound), [average_photo()]), len(sound) + 1, edge)
        if len(left_out) == known:
            return layout, left_out


def lay_out(photos: Iterable[Photo], count: int, edge: int) -> Photo:
    """Photos in rows, without gaps, (H, W, 3) in [0, 1]; their long edge has `edge` pixels.

    Each fills its place, wider or narrower than it is: what counts is its colours.

    photos: `count` of them, each (H, W, 3), which are looked at one after the other.
    """
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


def average_photo() -> Photo:
    """The colours of photographs in general, in a smooth pattern, 80 x 120 x 3 in [0, 1]: of a normal distribution."""
    y, x = np.mgrid[:80, :120]
    across, along = (x + 0.5) / 120, (y + 0.5) / 80
    radius, angle = np.sqrt(-2 * np.log(1 - along)), 2 * np.pi * TURNS * along
    normal = np.stack([scipy.special.ndtri(across), radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    lab = (AVERAGE + SPREAD * normal).clip([0, -1, -1], 1)
    return from_oklab(lab.reshape(-1, 3)).reshape(80, 120, 3)


def without_height(style: Photo) -> Photo:
    """A style, (H, W, 3), in strips that are turned by more and more of its height.

    The colour match gives a photo the style's light from top to bottom. In a layout of many photos, height means
    nothing, and a table knows no places.
    """
    strips = np.array_split(style, STRIPS, axis=1)
    turned = [np.roll(strip, len(style) * at // STRIPS, axis=0) for at, strip in enumerate(strips)]
    return np.concatenate(turned, axis=1)


def _read_style(path: Path, edge: int) -> Photo:
    """A style, brought down to a long edge.

    Raises:
        ImageError: it can't be read, or is too small.
    """
    try:
        photo = read_photo(path)
    except ImageError as error:
        raise ImageError(f"style {error}") from error
    if small := too_small(photo.shape[:2], edge):
        raise ImageError(f"style {path}: {small}")
    return shrink(photo, edge)


def _cached(photo: Photo) -> Path:
    """A photo as a file in the cache."""
    image = encode_png(photo, 16)
    path = cache_folder() / "layouts" / f"{hash_bytes(image)}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_atomically(path, image)
    return path
