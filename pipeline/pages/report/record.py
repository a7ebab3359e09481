"""What each stage took, with which settings and which versions, from the manifests of its results."""

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from pipeline.compare.methods import METHODS
from pipeline.store.manifest import Manifest, read_manifest


class Spread(NamedTuple):
    """A quantity over the pairs."""

    mean: float
    least: float
    most: float


class StageRecord(NamedTuple):
    """One method over all pairs."""

    method: str
    results: int
    seconds: Spread | None
    peak_mib: Spread | None
    facts: tuple[tuple[str, str], ...]
    """Device, encoder, precision, versions: every value that came up."""
    settings: tuple[tuple[str, str], ...]


FACTS = {
    "device": "device",
    "precision": "precision",
    "encoder": "encoder",
    "evaluations": "evaluations made",
    "python": "Python",
}
"""By name in the manifest: what they are called here."""


def stage_records(folders: Sequence[Path]) -> list[StageRecord]:
    """One record for each method that has results.

    Args:
        folders: the pairs' folders of results.
    """
    records = []
    for method, (stage, _) in METHODS.items():
        manifests = [one for folder in folders if (one := read_manifest(folder / stage)) is not None]
        if manifests:
            records.append(_record(method, manifests))
    return records


def versions() -> list[tuple[str, str]]:
    """Of this program and what it runs on."""
    return [("photostyle", version("photostyle")), ("Python", platform.python_version()), ("system", platform.system())]


def _record(method: str, manifests: Sequence[Manifest]) -> StageRecord:
    facts = [manifest.facts for manifest in manifests]
    libraries = list(dict.fromkeys(name for each in facts for name in each.get("versions", {})))
    shown = [(title, _values(each.get(name) for each in facts)) for name, title in FACTS.items()]
    shown += [(name, _values(each.get("versions", {}).get(name) for each in facts)) for name in libraries]
    names = list(dict.fromkeys(name for manifest in manifests for name in manifest.recipe.settings))
    settings = [(name, _values(manifest.recipe.settings.get(name) for manifest in manifests)) for name in names]
    return StageRecord(
        method,
        len(manifests),
        _spread(each.get("seconds") for each in facts),
        _spread(each.get("process_peak_mib") for each in facts),
        tuple((name, text) for name, text in shown if text),
        tuple(settings),
    )


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return Spread(fmean(known), min(known), max(known)) if known else None


def _values(values: Iterable[Any]) -> str:
    """Every value that came up, in the order in which they did."""
    return ", ".join(dict.fromkeys(_text(value) for value in values if value is not None))


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
