"""The table of all scores of a dataset, and of its trade-off where it was swept."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.compare.conditions import CLOSED_FORM, optimised
from pipeline.compare.methods import CSV, METHODS, SWEEP, TABLE, CompareError, Gap, sum_up
from pipeline.compare.score_table import NOTES, Row, means, to_csv, to_markdown
from pipeline.compare.sweep_table import Point, mean_points, points_to_csv
from pipeline.steps.step import Made, Whole, WholeStep
from pipeline.steps.summaries.written import POINT_FILE, SCORE_FILE, read_points, read_scores
from pipeline.store.files import hash_bytes, hash_file
from pipeline.store.manifest import FAILURE_FILE, FILE, read_failure, read_manifest


def _reads(whole: Whole) -> Mapping[str, str]:
    names = [f"{step}/{FILE}" for step in (SCORE_FILE.step, POINT_FILE.step, *(step for step, _ in METHODS.values()))]
    paths = [Path(pair.name, name) for pair in whole.pairs for name in (*names, f"{SCORE_FILE.step}/{FAILURE_FILE}")]
    hashes = {str(path): hash_file(whole.results / path) for path in paths}
    known = {path: digest for path, digest in hashes.items() if digest is not None}
    return {**known, "dataset": hash_bytes(repr((whole.name, whole.faults)).encode())}


def _make(whole: Whole) -> Made:
    rows, points = list[Row](), list[Point]()
    gaps = [Gap(fault.pair, "the pair", fault.text) for fault in whole.faults]
    failed = False
    for pair in whole.pairs:
        folder = whole.results / pair.name
        failure, scored = read_failure(folder / SCORE_FILE.step), read_scores(folder)
        if failure is not None:
            gaps.append(Gap(pair.name, "the comparison", failure.text.partition(": ")[2]))
            failed = True
        elif scored is not None:
            rows += scored.rows
            gaps += scored.gaps
            points += read_points(folder)
    if not rows:
        what = "no pair could be compared" if failed else "nothing to compare: run `photostyle run` first"
        raise CompareError("\n".join([what, *sum_up(gaps)]))
    folders = {row.pair: whole.results / row.pair for row in rows}
    encoders = dict.fromkeys(
        one.facts["encoder"]
        for folder in folders.values()
        if (one := read_manifest(folder / SCORE_FILE.step)) is not None
    )
    encoder = ", ".join(encoders)
    notes = [*NOTES, f"encoder of the style distance: {encoder}.", *_conditions(folders.values())]
    parts = [to_markdown([*rows, *means(rows)]), _as_list(notes)]
    outputs = {CSV: to_csv([*rows, *means(rows)]).encode()}
    if points:
        averages = mean_points(points)
        parts.append(f"Each method over its dial:\n\n{to_markdown(point.named() for point in averages)}")
        outputs[SWEEP] = points_to_csv([*points, *averages]).encode()
    if gaps:
        parts.append("Not compared:\n\n" + _as_list(sum_up(gaps)))
    text = "\n\n".join(parts)
    return Made({**outputs, TABLE: f"# {whole.name}\n\n{text}\n".encode()}, {"encoder": encoder})


def _conditions(folders: Iterable[Path]) -> Iterator[str]:
    for method in ("stage one", "one-stage"):
        yield from optimised(method, [folder / METHODS[method][0] for folder in folders])
    yield CLOSED_FORM


def _as_list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


TABLE_OF_SCORES = WholeStep(name="table", version=4, make=_make, reads=_reads, outputs=(CSV, TABLE, SWEEP))
