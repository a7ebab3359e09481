"""The table of all scores of a dataset: made again when those of a pair have changed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.compare.conditions import CLOSED_FORM, optimised
from pipeline.compare.methods import CSV, METHODS, TABLE, CompareError, Gap, sum_up
from pipeline.compare.score_table import NOTES, Row, means, to_csv, to_markdown
from pipeline.dataset.config import Config
from pipeline.steps.scores import SCORES, read_scores
from pipeline.steps.staleness import State, find_state
from pipeline.store.files import hash_bytes
from pipeline.store.manifest import Recipe, publish, read_failure, read_manifest

VERSION = 3
"""Raised when the table changes."""


class Table(NamedTuple):
    """The comparison as it is now."""

    text: str
    """Markdown."""
    state: State
    """In which it was found."""


def bring_table_up_to_date(
    name: str, pairs: Iterable[str], faults: Iterable[Gap], results: Path, config: Config
) -> Table:
    """Writes metrics.csv and metrics.md into `results` where they are not current.

    Args:
        name: of the dataset.
        pairs: those that were scored, or failed at it.
        faults: what is wrong with the others.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        config: all settings.

    Raises:
        CompareError: there is nothing to compare, or nothing could be compared.
        OSError: the results can't be written.
    """
    rows: list[Row] = []
    gaps = list(faults)
    failed = False
    for pair in pairs:
        failure, scored = read_failure(results / pair / SCORES.name), read_scores(results / pair)
        if failure is not None:
            gaps.append(Gap(pair, "the comparison", failure.text.partition(": ")[2]))
            failed = True
        elif scored is not None:
            rows += scored.rows
            gaps += scored.gaps
    if not rows:
        what = "no pair could be compared" if failed else "nothing to compare: run `photostyle run` first"
        raise CompareError("\n".join([what, *sum_up(gaps)]))
    folders = {row.pair: results / row.pair for row in rows}
    manifests = [read_manifest(folder / SCORES.name) for folder in folders.values()]
    encoder = ", ".join(dict.fromkeys(one.facts["encoder"] for one in manifests if one is not None))
    notes = [*NOTES, f"encoder of the style distance: {encoder}.", *_conditions(folders.values())]
    parts = [to_markdown([*rows, *means(rows)]), _as_list(notes)]
    if gaps:
        parts.append("Not compared:\n\n" + _as_list(sum_up(gaps)))
    text = "\n\n".join(parts)
    outputs = {
        CSV: to_csv([*rows, *means(rows)]).encode(),
        TABLE: f"# {name}\n\n{text}\n".encode(),
    }
    wanted = Recipe("compare", VERSION, {name: hash_bytes(data) for name, data in outputs.items()}, {})
    state = find_state(results, wanted, config)
    if not state.settled:
        publish(results, wanted, outputs, {"encoder": encoder})
    return Table(text, state)


def _conditions(folders: Iterable[Path]) -> Iterator[str]:
    for method in ("stage one", "one-stage"):
        yield from optimised(method, [folder / METHODS[method][0] for folder in folders])
    yield CLOSED_FORM


def _as_list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
