"""Scores as a table to read and as CSV to compute with: one row for each image, then each method's mean."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Literal, NamedTuple


class Scores(NamedTuple):
    """One result's metrics."""

    edge_ssim: float
    """SSIM of the content's edge map and the result's, higher is better, 1 at most. Edges: luma blurred by sigma
    1 px, Sobel magnitude, divided by its 99th percentile (at least 0.02), clipped to 1."""
    style_distance: float
    """Relative squared error of the masked Gram matrices to the style's at 350 px, mean over the five style layers,
    regions weighted by area. Lower is better; an unrelated photo has about 1."""
    colour_distance: float
    """Sliced Wasserstein-1 distance of each region's RGB colours to the style's, over 64 seeded directions, regions
    weighted by area. Lower is better."""
    affine_energy: float
    """sum_c x_c^T L x_c / n, L the content's Matting Laplacian. Lower is more photorealistic in the paper's sense."""
    contrast_fine: float
    """Contrast kept in windows of sigma 2 px: 0 keeps the content's, -1 halves it (see `contrast_kept`)."""
    contrast_coarse: float
    """The same in windows of sigma 8 px."""


class Row(NamedTuple):
    """One image of one pair, or a method's mean."""

    pair: str
    method: str
    scores: Scores
    seconds: float | None = None
    """None where nothing was computed, or by somebody else."""
    process_peak_mib: int | None = None
    """Peak memory of the process until the end of that stage."""
    evaluations: int | float | None = None
    """Of the losses and their gradient by that stage; None where nothing was optimised, or by somebody else."""


class Column(NamedTuple):
    """One column: its name in the file, its heading on paper, its value and how that is written for a reader."""

    name: str
    heading: str
    value: Callable[[Row], str | float | None]
    style: str
    better: Literal["higher", "lower", ""] = ""
    """Which way is better, where one is."""
    note: str = ""
    """What the column means."""


COLUMNS = (
    Column("pair", "pair", lambda row: row.pair, ""),
    Column("method", "method", lambda row: row.method, ""),
    Column(
        "edge_ssim", "edge SSIM", lambda row: row.scores.edge_ssim, ".3f", "higher",
        "structural similarity of the edge maps of content and output; 1 has the content's edges and no others.",
    ),
    Column(
        "style_distance", "style distance", lambda row: row.scores.style_distance, ".3f", "lower",
        "relative squared difference of the regions' Gram matrices from the style's, over five layers of the encoder.",
    ),
    Column(
        "colour_distance", "colour distance", lambda row: row.scores.colour_distance, ".3f", "lower",
        "sliced Wasserstein-1 distance of the regions' colours from the style's, RGB in [0, 1].",
    ),
    Column(
        "affine_energy", "affine energy", lambda row: row.scores.affine_energy, ".2e", "lower",
        "sum of x^T L x over the channels, per pixel, L the content's Matting Laplacian; "
        "0 is locally an affine map of the content's colours.",
    ),
    Column(
        "contrast_fine", "contrast, fine", lambda row: row.scores.contrast_fine, "+.2f",
        note="contrast kept: median of log2 of the output's local contrast (deviation / (mean + 0.1), sigma 2 px) over "
        "the content's; 0 keeps it, -1 halves it: haze.",
    ),
    Column(
        "contrast_coarse", "coarse", lambda row: row.scores.contrast_coarse, "+.2f",
        note="the same, sigma 8 px.",
    ),
    Column(
        "evaluations", "evaluations", lambda row: row.evaluations, ".0f",
        note="of the losses and their gradient, by that stage alone; two-stage is in closed form and has none.",
    ),
    Column(
        "seconds", "seconds", lambda row: row.seconds, ".1f",
        note="of that stage alone; two-stage and one-stage both start from stage one's result.",
    ),
)  # fmt: skip
ONLY_IN_FILE = (Column("process_peak_mib", "", lambda row: row.process_peak_mib, ""),)

NOTES = tuple(
    f"{column.heading}{f' ({column.better} is better)' if column.better else ''}: {column.note}"
    for column in COLUMNS
    if column.note
)
"""What each column means, and which way is better."""


def means(rows: Sequence[Row]) -> list[Row]:
    """Each method's mean over the pairs that have it, in the order in which the methods first come up."""
    return [
        _mean([row for row in rows if row.method == method]) for method in dict.fromkeys(row.method for row in rows)
    ]


def _mean(rows: Sequence[Row]) -> Row:
    first = rows[0].scores
    scores = type(first)(*(fmean(values) for values in zip(*(row.scores for row in rows), strict=True)))
    seconds = _mean_of_known(row.seconds for row in rows)
    evaluations = _mean_of_known(row.evaluations for row in rows)
    return Row(f"mean of {len(rows)}", rows[0].method, scores, seconds, evaluations=evaluations)


def _mean_of_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def to_csv(rows: Iterable[Row]) -> str:
    """Comma-separated values at full precision, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    columns = COLUMNS + ONLY_IN_FILE
    writer.writerow(column.name for column in columns)
    writer.writerows([column.value(row) for column in columns] for row in rows)
    return file.getvalue()


def to_markdown(rows: Iterable[Row]) -> str:
    """An aligned Markdown table, which reads well unrendered too; a pair's name stands at its first row only."""
    lines = [[column.heading for column in COLUMNS]]
    before = None
    for row in rows:
        cells = [_cell(column, row) for column in COLUMNS]
        if row.pair == before:
            cells[0] = ""
        before = row.pair
        lines.append(cells)
    widths = [max(len(cells[i]) for cells in lines) for i in range(len(COLUMNS))]
    numeric = [bool(column.style) for column in COLUMNS]
    lines.insert(1, ["-" * (width - 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True)])
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        + " |"
        for cells in lines
    )


def _cell(column: Column, row: Row) -> str:
    value = column.value(row)
    text = "" if value is None else format(value, column.style)
    return text.replace("|", r"\|")
