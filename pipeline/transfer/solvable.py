"""What transfer asks of those who take pairs through the stages, and what they hand over."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.pairs import Pair
from pipeline.events.summary import Failure
from pipeline.images.photos import Understood
from stages.arrays import Photo

Read = Callable[[Path], Understood]
"""Reads a photo, or remembers it."""


class Solved(NamedTuple):
    """A pair's content and result at the working size, (H, W, 3) in [0, 1]."""

    content: Photo
    result: Photo
    notes: tuple[str, ...] = ()
    """What had to be put right, where nobody has told of it yet."""


class Solvable(NamedTuple):
    """Pairs by name, each with what gives its result; and those that failed."""

    solve: dict[str, Callable[[Read], Solved]]
    failures: tuple[Failure, ...]


Solve = Callable[[Sequence[Pair]], Solvable]
"""Takes pairs of different names as far as they have to be written down."""
