"""The report: one file, with every picture inside, that can be moved, mailed and opened from disk.

Pictures stand in it as text that the browser needn't decode before they are looked at; only thumbnails are there at
once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.pairs import Fault
from pipeline.pages.page import render
from pipeline.pages.report.columns import METRICS, label, read_score_table
from pipeline.pages.report.gather import PairView, Section, with_scores
from pipeline.pages.report.record import stage_records, versions
from pipeline.pages.report.tradeoff import draw_tradeoff


class Subject(NamedTuple):
    """The dataset that a report is on."""

    name: str
    faults: Sequence[Fault]
    """Of the pairs that are left out."""
    size: int
    """At which the stages worked."""
    encoder: str
    """Of the style distance."""


def write_report(
    dataset: Subject, views: Sequence[PairView], folders: Sequence[Path], scores: Path, sweep: Path | None
) -> str:
    """The page, as HTML.

    Args:
        dataset: which.
        views: what its pairs have to show.
        folders: the pairs' results.
        scores: metrics.csv.
        sweep: sweep.csv, where there is one.

    Raises:
        OSError: the scores are not there.
    """
    table = read_score_table(scores)
    sections = list[Section]()
    for view in views:
        section = with_scores(len(sections) + 1, view, table.of_pair(view.name))
        sections += [] if section is None else [section]
    return render(
        "index.html",
        ("page.css", "viewer.css", "report.css"),
        ("viewer.js", "report.js"),
        name=dataset.name,
        pairs=sections,
        faults=dataset.faults,
        table=table,
        columns=METRICS,
        plot=draw_tradeoff(table, sweep),
        records=stage_records(folders),
        encoder=dataset.encoder,
        size=dataset.size,
        versions=versions(),
        label=label,
    )
