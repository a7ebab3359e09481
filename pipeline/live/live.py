"""Stage two again and again, at preview size and at full size: assembled and analysed once for each."""

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.reading import read_photo
from pipeline.images.sizes import shrink
from pipeline.settings.config import Config, ConfigError, Strength
from pipeline.settings.layers import save_dials
from pipeline.steps.step import STAGE_ONE_IMAGE
from stages.arrays import Photo
from stages.settings import NonNegative, Positive
from stages.smooth import Smoothed, Smoother, find_anchor, find_target, mu_at_size

PREVIEW = 350
"""Long edge of a preview, pixels."""
KEPT = 2
"""Factors in memory: one pair's, at both sizes."""

Scale = Literal["preview", "full"]
Role = Literal["content", "style", "stage-one"]


class Served(NamedTuple):
    """A pair that the page can show."""

    pair: Pair
    folder: Path
    """Of its results."""
    config: Config

    @property
    def link(self) -> Path:
        """Its stage-one image."""
        return STAGE_ONE_IMAGE.path(self.folder)


class Dials(msgspec.Struct, kw_only=True):
    """What the page turns."""

    lam: Positive = msgspec.field(name="lambda")
    mu: NonNegative
    strength: Strength = 1.0
    """0 is the content, 1 the solution; beyond, what it changed is exaggerated."""


class _Prepared(NamedTuple):
    """A pair at one size, ready to be solved."""

    pictures: dict[Role, Photo]
    solve: Callable[[float, float], Smoothed]
    """For lambda and mu. The last solution is kept, so that its strength can be dragged."""


class Live:
    """The pairs of the page by number; one request computes at a time."""

    def __init__(self, pairs: list[Served], settings_of: Callable[[Pair], Config]) -> None:
        self.pairs = pairs
        self._settings_of = settings_of
        self._prepared: dict[tuple[int, Scale, int], _Prepared] = {}
        self._alone = threading.Lock()

    def picture(self, number: int, side: Role, size: Scale) -> Photo:
        """A pair's content, style or stage-one image, (H, W, 3).

        Raises:
            ValueError: there is none, or it can't be used.
        """
        with self._alone:
            return self._prepare(number, size).pictures[side]

    def smooth(self, number: int, dials: Dials, size: Scale) -> Smoothed:
        """Stage two of a pair with these dials.

        Raises:
            ValueError: no such pair, lambda or mu, or its files can't be used.
            ArithmeticError, MemoryError: the system can't be solved.
        """
        with self._alone:
            prepared = self._prepare(number, size)
            smoothed, strength = prepared.solve(dials.lam, dials.mu), np.float32(dials.strength)
        return smoothed._replace(image=strength * smoothed.image + (1 - strength) * prepared.pictures["content"])

    def save(self, number: int, dials: Dials) -> Path:
        """Makes lambda and mu the pair's own; the file that they are in.

        Raises:
            ValueError: a pair without a place for them, or whose file can't be used.
            OSError: the file can't be written.
        """
        served = self._served(number)
        file = served.pair.settings
        if file is None:
            raise ConfigError(f"{served.pair.name} belongs to no dataset: there is nowhere to keep its settings")
        save_dials(file, dials.lam, dials.mu)
        self.pairs[number] = served._replace(config=self._settings_of(served.pair))
        return file

    def _served(self, number: int) -> Served:
        if not 0 <= number < len(self.pairs):
            raise ValueError(f"there is no pair {number}")
        return self.pairs[number]

    def _prepare(self, number: int, size: Scale) -> _Prepared:
        served = self._served(number)
        if not served.link.exists():
            raise ValueError("there is no stage-one image: run `photostyle stylize` first")
        key = number, size, served.link.stat().st_mtime_ns  # stage one may be run again meanwhile
        if key not in self._prepared:
            while len(self._prepared) >= KEPT:
                del self._prepared[next(iter(self._prepared))]
            self._prepared[key] = _prepare(served, size)
        return self._prepared[key]


def _prepare(served: Served, size: Scale) -> _Prepared:
    inputs, link = load_inputs(served.pair, served.config.size), read_photo(served.link)
    if link.shape != inputs.content.shape:
        (height, width), (h, w) = link.shape[:2], inputs.content.shape[:2]
        raise ValueError(
            f"the stage-one image is {width}x{height}, the content at this size {w}x{h}: "
            "give the --size it was made with, or run `photostyle stylize` again"
        )
    edge = PREVIEW if size == "preview" else max(link.shape)
    pictures: dict[Role, Photo] = {
        "content": shrink(inputs.content, edge),
        "style": shrink(inputs.style, edge),
        "stage-one": shrink(link, edge),
    }
    settings = served.config.smooth
    target, small = pictures["stage-one"], None
    if settings.anchor == "colour":
        anchor = find_anchor(inputs.content, inputs.style, inputs.regions)
        whole = find_target(link, anchor, inputs.content, settings.emphasis, inputs.regions)
        target, small = shrink(whole, edge), shrink(anchor, edge)
    smoother = Smoother(pictures["content"], epsilon=settings.epsilon)

    @lru_cache(maxsize=1)
    def solve(lam: float, mu: float) -> Smoothed:
        height, width, _ = pictures["content"].shape
        return smoother.solve(target, lam, mu_at_size(mu, height, width), small)

    return _Prepared(pictures, solve)
