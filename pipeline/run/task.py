"""One stage of one pair, as it is handed from process to process: what to do, doing it, and what came of it."""

import errno
import time
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import load_inputs
from pipeline.dataset.layouts import Pair
from pipeline.networks.semantic_model import SemanticModelError
from pipeline.steps.make import EncoderError, Network, make
from pipeline.steps.progress import OnStep
from pipeline.steps.staleness import START, STARTS, Stage, find_state, read_link, recipe
from pipeline.store.files import hash_array
from pipeline.store.manifest import publish
from pipeline.store.system_errors import reason_of


class Task(NamedTuple):
    """One stage of one pair. The images stay on disk: a task is small, however large they are."""

    pair: Pair
    stage: Stage
    config: Config
    """All settings of the pair."""
    hashes: dict[str, str]
    """Of the pair's inputs, when they were examined."""
    folder: Path
    """The pair's, of results."""
    label: str
    """What the pair is called on the screen."""
    force: bool
    """Do it even if it is current."""

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        return f"{self.label} {self.stage}"


class Outcome(NamedTuple):
    """What came of a task."""

    made: bool = False
    """Whether there was anything to do, and it is done."""
    seconds: float = 0.0
    why: str = ""
    """Why a result that was there is made anew."""
    error: str = ""
    """The kind of error that befell it; "" where none did."""
    reason: str = ""
    """What that error says."""
    of_the_system: bool = False
    """Whether it is the disk's or the system's, not the pair's: it may go well the next time."""


def perform(task: Task, network: Network, on_step: OnStep) -> Outcome:
    """Brings one stage of one pair up to date, and writes it down.

    Whatever befalls it is its outcome, but for what would befall all the others too:

    Raises:
        EncoderError: the encoder can't be had.
        OSError: the disk is full.
    """
    try:
        return _advance(task, network, on_step)
    except Exception as error:
        if concerns_all(error):
            raise
        kind = type(error).__name__
        return Outcome(error=kind, reason=reason_of(error), of_the_system=isinstance(error, OSError))


def concerns_all(error: Exception) -> bool:
    """Whether an error would befall every pair: no network, a full disk."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return isinstance(error, EncoderError | SemanticModelError)


def _advance(task: Task, network: Network, on_step: OnStep) -> Outcome:
    stage, config, place = task.stage, task.config, task.folder / task.stage
    began = time.perf_counter()
    inputs, link = load_inputs(task.pair, config.size), read_link(task.folder, stage)
    wanted = recipe(stage, inputs.hashes(), None if link is None else hash_array(link), config)
    state = find_state(place, wanted, config)
    if state.settled and not task.force:
        return Outcome()
    if wanted is None:
        start = START[stage]
        raise ValueError(f"there is no {STARTS[start].name}: run `photostyle {start}` first")
    made = make(stage, inputs, link, config, network, on_step)
    publish(place, wanted, made.outputs, made.facts)
    return Outcome(True, time.perf_counter() - began, state.why if state.kind == "stale" else "")
