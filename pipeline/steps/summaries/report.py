"""The report on a dataset, from its table and from what its pairs have to show."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.compare.methods import CSV, METHODS, SWEEP
from pipeline.pages.report.report import Subject, write_report
from pipeline.settings.config import working_size
from pipeline.steps.step import Made, Whole, WholeStep
from pipeline.steps.summaries.written import VIEW_FILE, read_view
from pipeline.store.files import hash_bytes, hash_file
from pipeline.store.manifest import FILE, read_manifest

FOLDER, INDEX = "report", "index.html"


def _reads(whole: Whole) -> Mapping[str, str]:
    """The table speaks of all images; the manifests of seconds and settings."""
    files = {"comparison": Path(FILE), "scores": Path(CSV)}
    for pair in whole.pairs:
        files |= {f"{pair.name} {step}": Path(pair.name, step, FILE) for step, _ in METHODS.values()}
        files[f"{pair.name} {VIEW_FILE.step}"] = Path(pair.name, VIEW_FILE.step, FILE)
    hashes = {name: hash_file(whole.results / path) for name, path in files.items()}
    known = {name: digest for name, digest in hashes.items() if digest is not None}
    return {**known, "dataset": hash_bytes(repr((whole.name, whole.faults, whole.config.size)).encode())}


def _make(whole: Whole) -> Made:
    table = read_manifest(whole.results)
    folders = [whole.results / pair.name for pair in whole.pairs]
    views = [view for folder in folders if (view := read_view(folder)) is not None]
    swept = table is not None and SWEEP in table.outputs
    shown = Subject(
        name=whole.name,
        faults=whole.faults,
        size=working_size(whole.config.size),
        encoder="" if table is None else table.facts.get("encoder", ""),
    )
    sweep = whole.results / SWEEP if swept else None
    return Made({INDEX: write_report(shown, views, folders, whole.results / CSV, sweep).encode()}, {})


REPORT = WholeStep(name="report", version=5, make=_make, reads=_reads, outputs=(INDEX,), folder=FOLDER)
