"""The comparison's table as the page shows it, read back from metrics.csv."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.compare.methods import METHODS
from pipeline.compare.score_table import COLUMNS, Column

METRICS: tuple[Column, ...] = tuple(column for column in COLUMNS if column.style)
"""The columns that hold numbers."""
REFERENCE = "content"
"""Has all of its own edges and none of the style: it competes with nobody."""


class Score(NamedTuple):
    """One column of one image."""

    value: float | None
    text: str
    best: bool


class Scored(NamedTuple):
    """One image of one pair, or a method's mean."""

    pair: str
    method: str
    scores: tuple[Score, ...]
    """In the order of METRICS."""


class ScoreTable(NamedTuple):
    """The scores of a dataset; in each pair, and among the means, the best of each column is marked."""

    rows: tuple[Scored, ...]
    means: tuple[Scored, ...]

    def of_pair(self, name: str) -> dict[str, Scored]:
        """One pair's images by method."""
        return {row.method: row for row in self.rows if row.pair == name}


def read_score_table(file: Path) -> ScoreTable:
    """Reads what `compare` wrote.

    Raises:
        OSError: there is no such file.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    methods = len({row["method"] for row in rows})  # the means come last, one for each method
    pairs: dict[str, list[dict[str, str]]] = {}
    for row in rows[:-methods]:
        pairs.setdefault(row["pair"], []).append(row)
    marked = [scored for group in pairs.values() for scored in _mark(group)]
    return ScoreTable(tuple(marked), tuple(_mark(rows[-methods:])))


def label(method: str) -> str:
    """A method's name for people."""
    return method if method in METHODS else method.removeprefix("compare_").replace("_", " ")


def _mark(rows: Sequence[dict[str, str]]) -> Iterable[Scored]:
    """The rows with the best of each column marked, among those over as many pairs as the first."""
    rivals = [row for row in rows if row["method"] != REFERENCE and row["pair"] == rows[0]["pair"]]
    best = {column.name: _best(column, rivals) for column in METRICS}
    for row in rows:
        values = [(column, _number(row[column.name])) for column in METRICS]
        scores = tuple(
            Score(
                value,
                "" if value is None else format(value, column.style),
                row in rivals and value is not None and value == best[column.name],
            )
            for column, value in values
        )
        yield Scored(row["pair"], row["method"], scores)


def _best(column: Column, rows: Sequence[dict[str, str]]) -> float | None:
    values = [value for row in rows if (value := _number(row[column.name])) is not None]
    if not column.better or len(values) < 2:
        return None
    return max(values) if column.better == "higher" else min(values)


def _number(text: str) -> float | None:
    return float(text) if text else None
