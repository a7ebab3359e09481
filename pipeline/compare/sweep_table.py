"""The trade-off as a table: each method at several settings of the dials that govern it."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.compare.score_table import Row, means


class Point(NamedTuple):
    """One method at one setting of one dial, on one pair or in the mean."""

    row: Row
    dial: str
    """lambda, mu or photorealism_weight."""
    value: float

    def named(self) -> Row:
        """The row, whose method tells the setting."""
        return self.row._replace(method=f"{self.row.method}, {self.dial} {self.value:g}")


def mean_points(points: Iterable[Point]) -> list[Point]:
    """Each setting's mean over the pairs that have it, in the order in which the settings first come up."""
    settings: dict[tuple[str, str, float], list[Row]] = {}
    for point in points:
        settings.setdefault((point.row.method, point.dial, point.value), []).append(point.row)
    return [Point(means(rows)[0], dial, value) for (_, dial, value), rows in settings.items()]


def points_to_csv(points: Sequence[Point]) -> str:
    """Comma-separated values at full precision, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["pair", "method", "dial", "value", *points[0].row.scores._fields, "evaluations", "seconds"])
    for row, dial, value in points:
        writer.writerow([row.pair, row.method, dial, value, *row.scores, row.evaluations, row.seconds])
    return file.getvalue()
