"""What sums up a dataset: steps like those of its pairs, made from what lies on the disk after these."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.pairs import Fault, Pair
from pipeline.settings.config import Config
from pipeline.steps.step import Made
from pipeline.store.manifest import Recipe


class Whole(NamedTuple):
    """A dataset and its results."""

    name: str
    pairs: tuple[Pair, ...]
    """Those that are sound."""
    faults: tuple[Fault, ...]
    """What is wrong with the others."""
    results: Path
    """The folder that holds one folder for each pair."""
    config: Config


class WholeStep(NamedTuple):
    """One step that a dataset goes through as a whole."""

    name: str
    version: int
    """Raised when its code would make another result of the same files."""
    make: Callable[[Whole], Made]
    reads: Callable[[Whole], Mapping[str, str]]
    """The hashes of all that it reads, by name."""
    outputs: tuple[str, ...]
    """Files that it may write."""
    folder: str = ""
    """In the folder of results."""

    def recipe(self, whole: Whole) -> Recipe:
        """What decides the result."""
        return Recipe(self.name, self.version, dict(self.reads(whole)), {})
