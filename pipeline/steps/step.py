"""What a step is, of a pair or of a dataset as a whole: one record in a file of its own, from which all else follows.

A new step is one such file in this room, and one line in its `catalogue`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.dataset.found_masks import WAYS
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.pairs import Fault, Pair
from pipeline.events.progress import OnAdvance
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config
from pipeline.store.manifest import Recipe
from pipeline.store.recall import Recall
from stages.arrays import Photo


class Start(NamedTuple):
    """An image of one step that others start from, whoever made it."""

    name: str
    """What the user calls it."""
    step: str
    file: str
    """In that step's folder."""
    anybody_s: bool
    """Whether another program's image is welcome there; one that can't be read is then the user's to mend."""

    def path(self, pair_folder: Path) -> Path:
        """Where it is, or would be, in a pair's folder of results."""
        return pair_folder / self.step / self.file


STAGE_ONE_IMAGE = Start("stage-one image", "stylize", "image.tiff", anybody_s=True)


TWO_STAGE_IMAGE = Start("two-stage image", "smooth", "image16.png", anybody_s=False)


class Work(NamedTuple):
    """What a step makes its outputs from."""

    pair: Pair
    """With the masks that were found for it, if it has none of its own."""
    folder: Path
    """Of the pair's results."""
    inputs: Inputs
    start: Photo | None
    """The image that it starts from, of the content's size; None for a step that starts from none."""
    config: Config
    network: Network
    on_advance: OnAdvance
    read: Callable[[Path], Photo]
    """Reads a further image."""


class Made(NamedTuple):
    """What a step hands over to be written."""

    outputs: Mapping[str, bytes]
    """Files by name."""
    facts: Mapping[str, Any]
    """For the manifest's record."""


Further = Callable[[Pair, Path, Config, Recall], Mapping[str, str]]
Memory = Callable[[Path, Config, int], int]

PROCESS, WITH_NETWORK = 600_000_000, 1_300_000_000
"""Bytes that a process with its libraries, one pair and its results takes: measured at 700 px, with room to spare."""


def nothing_further(pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    """The hashes of other files that a step reads: none."""
    return {}


def little_memory(folder: Path, config: Config, most: int) -> int:
    """What a step takes that only works on some images of the working size."""
    return min(PROCESS, most)


def network_memory(folder: Path, config: Config, most: int) -> int:
    """What a step takes that computes through a network besides."""
    return min(WITH_NETWORK, most)


class Step(NamedTuple):
    """One step that every pair goes through."""

    name: str
    """Also that of its folder in a pair's results."""
    version: int
    """Raised when its code would make another result of the same inputs and settings."""
    make: Callable[[Work], Made]
    outputs: tuple[str, ...]
    """Files that it writes, the one that counts first; the others are for looking at."""
    inputs: tuple[str, ...]
    """Which of a pair's inputs it takes, by the names of their hashes."""
    section: str = ""
    """Of the configuration, all that decides its result; "" where nothing does."""
    final: bool = False
    """Whether it makes a picture for the user, which strength and protection apply to."""
    start: Start | None = None
    """The image that it starts from."""
    needs: tuple[str, ...] = ()
    """Further steps without whose results it can't be done."""
    after: tuple[str, ...] = ()
    """Steps whose results it takes as far as they are there."""
    further: Further = nothing_further
    """The hashes of other files that it reads, by name, of a pair and in its folder of results."""
    dials: tuple[tuple[str, float], ...] = ()
    """Of its section, turned to these values whatever the pair's settings say: for what is made at several."""
    on_gpu: bool = False
    """Whether it is an optimisation, which takes the GPU where there is one and all cores elsewhere, one at a time. The
    others take a core each, as many at once as there are workers, and compute on the CPU wherever they run."""
    finds_masks: bool = False
    """Whether it finds the masks of a pair that has none: it takes the photos alone, and is done before all others."""
    to_be_edited: bool = False
    """Whether its outputs are there to be edited: they are kept as they are until what they were made from changes."""
    memory: Memory = little_memory
    """Bytes that it is expected to take at its peak, from a pair's folder of results and its settings; and at most so
    many, where that is what there is at all."""
    compared_only: bool = False
    """Whether its result is only compared with: it is made after all that the user came for, and can be left out."""
    libraries: tuple[str, ...] = ()
    """Those whose versions are recorded."""
    previews: Callable[[Photo], Mapping[str, bytes]] | None = None
    """The outputs for looking at, from the one that counts: so they are made again where they were lost."""

    @property
    def requires(self) -> tuple[str, ...]:
        """The steps without which it can't be done: of those that find masks there is one at most."""
        masks = () if self.finds_masks else tuple(way.folder for way in WAYS.values())
        return (*masks, *(() if self.start is None else (self.start.step,)), *self.needs)

    def concerns(self, pair: Pair) -> bool:
        """Whether there is anything to do for a pair, as it lies in its dataset."""
        return not self.finds_masks or pair.content_mask is None

    def turned(self, config: Config) -> Config:
        """The settings of a pair, with its dials turned."""
        if not self.dials:
            return config
        return replace(config, **{self.section: replace(getattr(config, self.section), **dict(self.dials))})

    def recipe(
        self, hashes: Mapping[str, str], start: str | None, further: Mapping[str, str], config: Config
    ) -> Recipe | None:
        """What decides the result; None while there is no image to start from.

        Args:
            hashes: of a pair's inputs, by name.
            start: hash of the image that it starts from, if there is one.
            further: hashes of the other files that it reads.
            config: all settings of the pair.
        """
        taken = {name: digest for name, digest in hashes.items() if name in self.inputs} | dict(further)
        if self.start is not None:
            if start is None:
                return None
            taken[self.start.name] = start
        section = getattr(self.turned(config), self.section) if self.section else {}
        settings = msgspec.json.decode(msgspec.json.encode(section))  # as they come back from a manifest
        if self.final:
            settings["strength"] = config.strength
            if config.protect.skin:
                settings["protect"] = {"skin": config.protect.skin}
        return Recipe(self.name, self.version, taken, settings)


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
