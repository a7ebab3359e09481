"""A look from photos and what was made of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.images.sizes import resized, shrink
from pipeline.looks.look_file import UNHELD, Look
from pipeline.settings.config import WORKING_SIZE
from stages.arrays import Photo
from stages.look.fit import fit_table, unheld

FIT_VERSION = 2
"""Raised when the code would fit another table to the same photos."""
OFF = 1
"""Levels by which a result that was brought down may miss its photo's shape."""


class Example(NamedTuple):
    """A photo and what was made of it, of one shape, (H, W, 3)."""

    content: Photo
    result: Photo


def fit_look(examples: Sequence[Example], record: dict[str, Any]) -> Look:
    """The look that comes nearest to all of them; what it can't hold is added to the record."""
    contents, results = (np.concatenate([one[side].reshape(-1, 3) for one in examples]) for side in (0, 1))
    table = fit_table(contents, results)
    return Look(table, {**record, UNHELD: unheld(table, contents, results)._asdict()})


def read_example(content: Path, result: Path) -> Example:
    """Both at the working size.

    Raises:
        ImageError: one can't be read, or they are not of one shape.
    """
    photo, made = (shrink(read_photo(path), WORKING_SIZE) for path in (content, result))
    if max(abs(a - b) for a, b in zip(photo.shape, made.shape, strict=True)) > OFF:
        (height, width), (h, w) = photo.shape[:2], made.shape[:2]
        raise ImageError(f"{result}: is {w}x{h} where {content} is {width}x{height}: give what was made of that photo")
    return Example(photo, made if made.shape == photo.shape else resized(made, *photo.shape[:2]))
