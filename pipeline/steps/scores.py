"""The comparison as a step of its own: made again when one of its images has changed, and kept otherwise."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.compare.methods import CSV, METHODS, SHEET, TABLE, compare
from pipeline.dataset.config import Config
from pipeline.dataset.layouts import Dataset
from pipeline.run.plan import Examined, Failure
from pipeline.steps.network import Network
from pipeline.steps.progress import OnEvent, ignore
from pipeline.steps.staleness import State, find_state
from pipeline.store.files import hash_file
from pipeline.store.manifest import Recipe, seal, withdraw

VERSION = 2
"""Raised when the metrics or the sheets change."""


def comparison_recipe(examined: Sequence[Examined], results: Path) -> Recipe:
    """All images that the comparison speaks of, by pair."""
    inputs: dict[str, str] = {}
    for one in examined:
        inputs |= {f"{one.pair.name} {name}": digest for name, digest in one.hashes.items()}
        judged = {method: results / one.pair.name / stage / file for method, (stage, file) in METHODS.items()}
        for method, path in (judged | dict(one.pair.comparisons)).items():
            if (digest := hash_file(path)) is not None:
                inputs[f"{one.pair.name} {method}"] = digest
    return Recipe("compare", VERSION, inputs, {})


class Compared(NamedTuple):
    """The comparison as it is now."""

    table: str
    """Markdown."""
    state: State
    """In which it was found."""
    failures: tuple[Failure, ...]
    """Pairs that could not be scored."""


def bring_up_to_date(
    dataset: Dataset,
    examined: Sequence[Examined],
    results: Path,
    config: Config,
    network: Network,
    on_event: OnEvent = ignore,
) -> Compared:
    """Makes the comparison where it is not current: one that a pair failed in never is.

    Args:
        dataset: the pairs to compare.
        examined: the sound ones.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        config: all settings.
        network: the encoder of this run; not loaded when the comparison is current.
        on_event: told what is going on.

    Raises:
        CompareError: there is nothing to compare, or nothing could be compared.
        EncoderError: the encoder can't be had.
        OSError: the results can't be written.
    """
    wanted = comparison_recipe(examined, results)
    state = find_state(results, wanted, config)
    failures: tuple[Failure, ...] = ()
    if not state.settled:
        withdraw(results)
        failures = compare(dataset, results, config, network, on_event).failures
        failed = {failure.pair for failure in failures}
        spoken_of = comparison_recipe([one for one in examined if one.pair.name not in failed], results)
        sheets = [f"{one.pair.name}/{SHEET}" for one in examined if (results / one.pair.name / SHEET).exists()]
        seal(results, spoken_of, [CSV, TABLE, *sheets], {"encoder": network.encoder.architecture})
    return Compared((results / TABLE).read_text("utf-8"), state, failures)
