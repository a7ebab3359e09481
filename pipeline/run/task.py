"""One step of one pair, as it is handed from process to process: what to do, doing it, and what came of it."""

import errno
import time
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.config import Config
from pipeline.dataset.layouts import Pair
from pipeline.networks.semantic_model import SemanticModelError
from pipeline.steps.network import EncoderError, Network
from pipeline.steps.progress import OnAdvance
from pipeline.steps.step import Step
from pipeline.steps.up_to_date import bring_up_to_date
from pipeline.store.system_errors import reason_of


class Task(NamedTuple):
    """One step of one pair. The images stay on disk: a task is small, however large they are."""

    pair: Pair
    step: Step
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
        return f"{self.label} {self.step.name}"


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
    of_the_machine: bool = False
    """Whether it is the machine's, not the pair's: it is tried again by the next run."""
    spent: bool = False
    """Whether the process that it befell can do nothing more: after an error of CUDA's, all that follows fails."""


def perform(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """Brings one step of one pair up to date, and writes it down.

    Whatever befalls it is its outcome, but for what would befall all the others too:

    Raises:
        EncoderError: the encoder can't be had.
        OSError: the disk is full.
    """
    try:
        began = time.perf_counter()
        found = bring_up_to_date(task.step, task.pair, task.folder, task.config, network, on_advance, force=task.force)
        why = found.why if found.kind in ("stale", "incomplete") else ""
        return Outcome(not found.settled or task.force, time.perf_counter() - began, why)
    except Exception as error:
        if concerns_all(error):
            raise
        reason, machine = reason_of(error), is_the_machine_s(error)
        spent = "CUDA error" in reason
        return Outcome(error=type(error).__name__, reason=reason, of_the_machine=machine, spent=spent)


def is_the_machine_s(error: Exception) -> bool:
    """Whether an error says nothing about the pair: the disk's, the memory's, the GPU's."""
    return isinstance(error, OSError | MemoryError) or "CUDA" in str(error) or "out of memory" in str(error)


def concerns_all(error: Exception) -> bool:
    """Whether an error would befall every pair: no network, a full disk."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return isinstance(error, EncoderError | SemanticModelError)
