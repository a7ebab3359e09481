"""The trade-off as a table: each method at several settings of the one dial that governs it."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.compare.score_table import Row, means

DIALS = {"two-stage": "lambda", "one-stage": "photorealism_weight"}


class Point(NamedTuple):
    """One method at one setting of its dial, on one pair or in the mean."""

    row: Row
    value: float
    """Of the dial."""

    def named(self) -> Row:
        """The row, whose method tells the setting."""
        return self.row._replace(method=f"{self.row.method}, {DIALS[self.row.method]} {self.value:g}")


def mean_points(points: Iterable[Point]) -> list[Point]:
    """Each setting's mean over the pairs that have it, in the order in which the settings first come up."""
    settings: dict[tuple[str, float], list[Row]] = {}
    for point in points:
        settings.setdefault((point.row.method, point.value), []).append(point.row)
    return [Point(means(rows)[0], value) for (_, value), rows in settings.items()]


def points_to_csv(points: Sequence[Point]) -> str:
    """Comma-separated values at full precision, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["pair", "method", "dial", "value", *points[0].row.scores._fields, "evaluations", "seconds"])
    for row, value in points:
        writer.writerow([row.pair, row.method, DIALS[row.method], value, *row.scores, row.evaluations, row.seconds])
    return file.getvalue()
