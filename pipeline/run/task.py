"""One step, as it is handed from process to process: what to do, and what came of it."""

from pathlib import Path
from typing import NamedTuple, TypeAlias

from pipeline.dataset.pairs import Pair
from pipeline.settings.config import Config
from pipeline.steps.step import Step, Whole, WholeStep, little_memory

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
    label: str = ""
    """What the pair is called on the screen."""
    force: bool = False
    """Do it even if it is current; what is somebody else's is copied first."""

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


class WholeTask(NamedTuple):
    """One step of a dataset as a whole."""

    whole: Whole
    step: WholeStep
    requires: frozenset[Key] = frozenset()
    """As for a pair's."""
    force: bool = False

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


class ClusterError(RuntimeError):
    """There is no such cluster, or its nodes can't do this work."""


Task: TypeAlias = PairTask | WholeTask


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
    crowded: bool = False
    """Whether it lacked memory of a GPU that other processes of ours were on: it is done again, with fewer of them."""
