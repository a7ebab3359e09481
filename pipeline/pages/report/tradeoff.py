"""The trade-off as vectors: edges kept against style taken, in the coordinates of a drawing."""

import csv
import math
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pipeline.pages.report.columns import METRICS, REFERENCE, Scored, ScoreTable, label

SWEEP = "sweep.csv"
"""What `compare --sweep` writes."""
WIDTH, HEIGHT = 720, 460
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 24, 48
"""Margins: axes and their labels are in them."""
TICKS = 5
CLEAR, LETTER = 8, 7.5
"""Half a dot's room, and the width of a letter."""
X, Y = "style_distance", "edge_ssim"

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Dot(NamedTuple):
    """An image, a method's mean, or a method at one setting of its dial."""

    x: float
    y: float
    label: str


class Name(NamedTuple):
    """Where a curve's name is written."""

    x: float
    y: float
    anchor: str


class Curve(NamedTuple):
    """A method: its mean, every pair, and where a sweep was made its mean at each setting."""

    method: str
    mean: Dot
    pairs: tuple[Dot, ...]
    swept: tuple[Dot, ...]
    name: Name


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    text: str


class Plot(NamedTuple):
    """What the template draws."""

    curves: tuple[Curve, ...]
    xs: tuple[Tick, ...]
    ys: tuple[Tick, ...]


class _Axis(NamedTuple):
    """Values to coordinates, linearly."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def ticks(self) -> tuple[Tick, ...]:
        step = _nice_step((self.high - self.low) / TICKS)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(Tick(self.at(k * step), f"{k * step:.10g}") for k in range(first, last + 1))


def plot_tradeoff(table: ScoreTable, sweep: Path) -> Plot | None:
    """Every method but the content itself; None with fewer than two of them.

    Args:
        table: the scores.
        sweep: sweep.csv, which need not exist.
    """
    means = [mean for mean in table.means if mean.method != REFERENCE]
    if len(means) < 2:
        return None
    pairs = {mean.method: [_dot(row) for row in table.rows if row.method == mean.method] for mean in means}
    swept = _read_sweep(sweep)
    dots = [*map(_dot, means), *chain(*pairs.values()), *chain(*swept.values())]
    across = _axis([dot.x for dot in dots], LEFT, WIDTH - RIGHT)
    upward = _axis([dot.y for dot in dots], HEIGHT - BOTTOM, TOP)

    def place(dot: Dot) -> Dot:
        return Dot(across.at(dot.x), upward.at(dot.y), dot.label)

    centres = [place(_dot(mean)) for mean in means]
    names = _place_names(centres, [label(mean.method) for mean in means])
    curves = [
        Curve(
            mean.method,
            centre,
            tuple(map(place, pairs[mean.method])),
            tuple(map(place, swept.get(mean.method, ()))),
            name,
        )
        for mean, centre, name in zip(means, centres, names, strict=True)
    ]
    return Plot(tuple(curves), across.ticks(), upward.ticks())


def _dot(row: Scored) -> Dot:
    values = dict(zip((column.name for column in METRICS), (score.value for score in row.scores), strict=True))
    return Dot(values[X] or 0.0, values[Y] or 0.0, row.pair)


def _place_names(dots: Sequence[Dot], names: Sequence[str]) -> list[Name]:
    """Each name beside its dot, where it covers no dot and no earlier name, if there is such a place."""
    taken = [(dot.x - CLEAR, dot.y - CLEAR, dot.x + CLEAR, dot.y + CLEAR) for dot in dots]
    placed = []
    for dot, name in zip(dots, names, strict=True):
        length = LETTER * len(name)
        options = []
        for distance in (0, 16, 32, 48):
            for dy in {distance, -distance}:
                options.append((Name(dot.x + 12, dot.y + 4 + dy, "start"), dot.x + 12, dot.y + dy))
                options.append((Name(dot.x - 12, dot.y + 4 + dy, "end"), dot.x - 12 - length, dot.y + dy))
        boxes = [(option, (left, y - 8, left + length, y + 8)) for option, left, y in options]
        inside = [(option, box) for option, box in boxes if box[0] > LEFT and box[2] < WIDTH and box[1] > TOP]
        free = [(option, box) for option, box in inside if not any(_overlap(box, other) for other in taken)]
        option, box = (free or inside or boxes)[0]
        taken.append(box)
        placed.append(option)
    return placed


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _read_sweep(file: Path) -> dict[str, list[Dot]]:
    """Each method's means over its dial; the means come last, one for each setting."""
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    settings = len({(row["method"], row["value"]) for row in rows})
    swept: dict[str, list[Dot]] = {}
    for row in sorted((row for row in rows[-settings:] if row["value"]), key=lambda row: float(row["value"])):
        dot = Dot(float(row[X]), float(row[Y]), f"{row['dial']} {float(row['value']):g}")
        swept.setdefault(row["method"], []).append(dot)
    return swept


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.1
    return _Axis(low - margin, high + margin, start, end)


def _nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is no less."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
