"""The report as a step of its own: written from what lies on disk, again when any of that has changed.

One file, with every picture inside: it can be moved, mailed and opened from disk. Pictures stand in it as text that
the browser needn't decode before they are looked at; only thumbnails are there at once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.compare.methods import CSV, METHODS, TABLE
from pipeline.dataset.config import Config
from pipeline.dataset.inputs import working_size
from pipeline.dataset.layouts import Dataset
from pipeline.pages.page import render
from pipeline.pages.report.columns import METRICS, label, read_score_table
from pipeline.pages.report.gather import PairView, gather
from pipeline.pages.report.record import stage_records, versions
from pipeline.pages.report.tradeoff import SWEEP, draw_tradeoff
from pipeline.run.isolation import isolated
from pipeline.run.plan import Examined, Failure
from pipeline.steps.progress import OnEvent, Said, ignore
from pipeline.steps.staleness import State, find_state
from pipeline.store.files import hash_file, write_atomically
from pipeline.store.manifest import FILE, Recipe, read_manifest, seal, withdraw

VERSION = 3
"""Raised when the page changes."""
FOLDER, INDEX = "report", "index.html"


class Reported(NamedTuple):
    """The report as it is now."""

    state: State
    """In which it was found."""
    failures: tuple[Failure, ...]
    """Pairs that could not be shown."""


def bring_report_up_to_date(
    dataset: Dataset, examined: Sequence[Examined], results: Path, config: Config, on_event: OnEvent = ignore
) -> Reported:
    """Writes report/index.html where it is not current: one that a pair failed in never is.

    Args:
        dataset: the pairs.
        examined: the sound ones.
        results: the folder that holds one folder for each pair, and the comparison; the caller holds its lock.
        config: all settings.
        on_event: told what is going on.

    Raises:
        OSError: the comparison is not there, or the report can't be written.
    """
    folder, failures = results / FOLDER, list[Failure]()
    wanted = report_recipe(examined, results)
    state = find_state(folder, wanted, config)
    if not state.settled:
        folder.mkdir(exist_ok=True)
        withdraw(folder)
        page = write_report(dataset, examined, results, working_size(config.size), failures, on_event)
        write_atomically(folder / INDEX, page.encode())
        failed = {failure.pair for failure in failures}
        shown = report_recipe([one for one in examined if one.pair.name not in failed], results)
        seal(folder, shown, [INDEX], {})
        on_event(Said(f"report: {folder / INDEX}"))
    return Reported(state, tuple(failures))


def report_recipe(examined: Sequence[Examined], results: Path) -> Recipe:
    """The comparison speaks of all images; the manifests of seconds and settings."""
    files = {"comparison": Path(FILE), "scores": Path(CSV), "what is missing": Path(TABLE), "sweep": Path(SWEEP)}
    for one in examined:
        files |= {f"{one.pair.name} {stage}": Path(one.pair.name, stage, FILE) for stage, _ in METHODS.values()}
    hashes = {name: hash_file(results / path) for name, path in files.items()}
    return Recipe("report", VERSION, {name: digest for name, digest in hashes.items() if digest is not None}, {})


def write_report(
    dataset: Dataset,
    examined: Sequence[Examined],
    results: Path,
    size: int,
    failures: list[Failure],
    on_event: OnEvent = ignore,
) -> str:
    """The page, as HTML.

    Args:
        dataset: the pairs.
        examined: the sound ones.
        results: the folder that holds one folder for each pair, and the comparison.
        size: the working size.
        failures: those of pairs that can't be shown are added to it.
        on_event: told of them.

    Raises:
        OSError: the comparison is not there.
    """
    table = read_score_table(results / CSV)
    pairs: list[PairView] = []
    for one in examined:
        folder = results / one.pair.name
        with isolated(failures, one.pair.name, "report", folder, one.pair.name, on_event):
            view = gather(one.pair, len(pairs) + 1, folder, size, table)
            if view is not None:
                pairs.append(view)
    comparison = read_manifest(results)
    return render(
        "index.html",
        ("page.css", "report.css"),
        "report.js",
        name=dataset.name,
        pairs=pairs,
        faults=dataset.faults,
        table=table,
        columns=METRICS,
        plot=draw_tradeoff(table, results / SWEEP),
        records=stage_records([results / one.pair.name for one in examined]),
        encoder=comparison.facts.get("encoder", "") if comparison is not None else "",
        size=size,
        versions=versions(),
        label=label,
    )
