"""One step, as it is handed from process to process: what to do, doing it, and what came of it."""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from pipeline.dataset.inputs import InputError
from pipeline.dataset.pairs import Pair
from pipeline.events.errors import concerns_all, is_the_machine_s, reason_of
from pipeline.events.progress import Lines, OnAdvance
from pipeline.images.raster import ImageError
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config
from pipeline.upkeep.staleness import State, attempt
from pipeline.upkeep.step import Step, little_memory
from pipeline.upkeep.up_to_date import bring_up_to_date, bring_whole_up_to_date
from pipeline.upkeep.whole import Whole, WholeStep

Key: TypeAlias = tuple[str, str]
"""A task's name among others: the pair, and the step."""


class PairTask(NamedTuple):
    """One step of one pair. The images stay on disk: a task is small, however large they are."""

    pair: Pair
    step: Step
    config: Config
    """All settings of the pair."""
    results: Path
    """The pair's folder of results."""
    label: str
    """What the pair is called on the screen."""
    force: bool
    """Do it even if it is current."""

    @property
    def key(self) -> Key:
        """Its name among others."""
        return self.pair.name, self.step.name

    @property
    def requires(self) -> frozenset[Key]:
        """Tasks without which it can't be done, as far as there are any."""
        return frozenset((self.pair.name, name) for name in self.step.requires)

    @property
    def follows(self) -> frozenset[Key]:
        """Tasks that are done before it, as far as there are any."""
        return self.requires | {(self.pair.name, name) for name in self.step.after}

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        return f"{self.label} {self.step.name}"

    @property
    def folder(self) -> Path:
        """Of the step's results."""
        return self.results / self.step.name

    @property
    def on_gpu(self) -> bool:
        """As its step has it."""
        return self.step.on_gpu

    @property
    def last(self) -> bool:
        """Whether it is only compared with, and comes after all that the user came for."""
        return self.step.compared_only

    def memory(self, most: int) -> int:
        """Bytes that it is expected to take; at most so many, where that is all that there is."""
        return self.step.memory(self.results, self.config, most)

    def bring_up_to_date(self, network: Network, on_advance: OnAdvance) -> State:
        """Does it, where it is not done yet."""
        return bring_up_to_date(self.step, self.pair, self.results, self.config, network, on_advance, force=self.force)

    def attempt(self) -> str:
        """Digest of what decides whether it fails; "" where that can't be known."""
        try:
            hashes = self.step.load(self.pair, self.results, self.config).hashes()
            wanted = self.step.wanted(self.pair, self.results, hashes, self.config)
        except (InputError, ImageError):
            return ""
        return "" if wanted is None else attempt(wanted, self.config)


class WholeTask(NamedTuple):
    """One step of a dataset as a whole."""

    whole: Whole
    step: WholeStep
    requires: frozenset[Key]
    """As for a pair's."""
    force: bool

    @property
    def key(self) -> Key:
        """Its name among others: no pair has this one."""
        return "", self.step.name

    @property
    def follows(self) -> frozenset[Key]:
        """As for a pair's."""
        return self.requires

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        return self.step.name

    @property
    def folder(self) -> Path:
        """Of the step's results."""
        return self.whole.results / self.step.folder

    @property
    def on_gpu(self) -> bool:
        """It never needs one."""
        return False

    @property
    def last(self) -> bool:
        """It always comes last."""
        return True

    def memory(self, most: int) -> int:
        """As for a pair's."""
        return little_memory(self.whole.results, self.whole.config, most)

    def bring_up_to_date(self, network: Network, on_advance: OnAdvance) -> State:
        """Does it, where it is not done yet."""
        return bring_whole_up_to_date(self.step, self.whole, force=self.force)

    def attempt(self) -> str:
        """It is always tried again."""
        return ""


class ClusterError(RuntimeError):
    """There is no such cluster, or its nodes can't do this work."""


Task: TypeAlias = PairTask | WholeTask


FATAL_TO_A_PROCESS = "CUDA error", "CUDA driver error", "cuDNN error", "CUDACachingAllocator"
"""In what PyTorch says of errors after which a process can't rely on its GPU any more."""


class Outcome(NamedTuple):
    """What came of a task."""

    made: bool = False
    """Whether there was anything to do, and it is done."""
    seconds: float = 0.0
    why: str = ""
    """Why a result that was there is made anew; or what is odd about one that was kept."""
    error: str = ""
    """The kind of error that befell it; "" where none did."""
    reason: str = ""
    """What that error says."""
    tried: str = ""
    """Digest of what would have to change for another outcome; "" where it is to be tried again all the same."""
    spent: bool = False
    """Whether the process that it befell can do nothing more: after an error of CUDA's, all that follows fails."""


def perform(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """Does a task, as far as there is anything to do, and writes it down.

    Whatever befalls it is its outcome, but for what would befall all the others too:

    Raises:
        NetworkError: a network can't be had.
        OSError: the disk is full.
    """
    try:
        began = time.perf_counter()
        found = task.bring_up_to_date(network, on_advance)
        made = not found.settled or task.force
        why = found.why if found.kind in ("stale", "incomplete") or not made else ""
        return Outcome(made, time.perf_counter() - began, why)
    except Exception as error:
        if concerns_all(error):
            raise
        reason, tried = reason_of(error), "" if is_the_machine_s(error) else task.attempt()
        spent = any(sign in reason for sign in FATAL_TO_A_PROCESS)
        return Outcome(error=type(error).__name__, reason=reason, tried=tried, spent=spent)


def perform_on_node(task: Task, networks: "Networks") -> Outcome:
    """The same on a node of a cluster, in one thread, with lines of progress on the standard error.

    Raises:
        ClusterError: the dataset isn't there.
    """
    import numba

    numba.set_num_threads(1)
    if isinstance(task, PairTask) and not task.pair.content.exists():
        raise ClusterError(f"{task.pair.content} is not there on {os.uname().nodename}: every node needs the dataset")
    return perform(task, networks.of(task), Lines(task.title, partial(print, file=sys.stderr, flush=True)))


class Networks:
    """The networks of a process: those of the GPU's tasks on the device that is asked for, all others' on the CPU."""

    def __init__(self, config: Config, tell: Callable[[str], object] = lambda text: None) -> None:
        on_gpu = Network(config, tell)
        self._of = {True: on_gpu, False: on_gpu if config.device == "cpu" else Network(config, tell, on_cpu=True)}

    def of(self, task: Task) -> Network:
        """For a task."""
        return self._of[task.on_gpu]
