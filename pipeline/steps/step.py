"""What a step is: one record in a file of its own, from which all else about it follows.

A new step is one such file and one line in `pipeline.steps.catalogue`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.layouts import Pair
from pipeline.images.photos import Photo, read_photo
from pipeline.images.raster import ImageError
from pipeline.steps.network import Network
from pipeline.steps.progress import OnAdvance
from pipeline.store.files import hash_array
from pipeline.store.hash_cache import Known, Recall, anew
from pipeline.store.manifest import Recipe


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

    def read(self, pair_folder: Path) -> Photo | None:
        """The image, H x W x 3 in [0, 1]; None where there is none.

        Raises:
            ImageError: it can't be read.
        """
        path = self.path(pair_folder)
        return read_photo(path) if path.exists() else None

    def digest(self, pair_folder: Path, recall: Recall = anew) -> str | None:
        """Hash of the image that `read` gives; None where there is none, or it is ours and damaged: made again, then.

        Raises:
            ImageError: it may be anybody's, and can't be read.
        """
        path = self.path(pair_folder)
        if not path.exists():
            return None
        try:
            question = f"{pair_folder.name}: {self.name}"
            return recall(question, [path], lambda: Known({self.name: hash_array(read_photo(path))})).hashes[self.name]
        except ImageError:
            if self.anybody_s:
                raise
            return None


class Work(NamedTuple):
    """What a step makes its outputs from."""

    pair: Pair
    folder: Path
    """Of the pair's results."""
    inputs: Inputs
    start: Photo | None
    """The image that it starts from, of the content's size; None for a step that starts from none."""
    config: Config
    network: Network
    on_advance: OnAdvance


class Made(NamedTuple):
    """What a step hands over to be written."""

    outputs: Mapping[str, bytes]
    """Files by name."""
    facts: Mapping[str, Any]
    """For the manifest's record."""


def nothing_further(pair: Pair, folder: Path, recall: Recall) -> Mapping[str, str]:
    """The hashes of other files that a step reads: none."""
    return {}


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
    after: tuple[str, ...] = ()
    """Steps whose results it takes as far as they are there."""
    further: Callable[[Pair, Path, Recall], Mapping[str, str]] = nothing_further
    """The hashes of other files that it reads, by name, of a pair and in its folder of results."""
    network: bool = False
    """Whether it computes through a network, on the GPU where there is one; the others are the CPU's."""
    compared_only: bool = False
    """Whether its result is only compared with: it is made after all that the user came for, and can be left out."""
    libraries: tuple[str, ...] = ()
    """Those whose versions are recorded."""
    previews: Callable[[Photo], Mapping[str, bytes]] | None = None
    """The outputs for looking at, from the one that counts: so they are made again where they were lost."""

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The steps that are done before it."""
        return self.after if self.start is None else (self.start.step, *self.after)

    def wanted(
        self, pair: Pair, folder: Path, hashes: Mapping[str, str], config: Config, recall: Recall = anew
    ) -> Recipe | None:
        """As `recipe`, with all that lies in a pair's folder of results.

        Raises:
            ImageError: the image that it starts from may be anybody's, and can't be read.
        """
        start = None if self.start is None else self.start.digest(folder, recall)
        return self.recipe(hashes, start, self.further(pair, folder, recall), config)

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
        settings = msgspec.json.decode(msgspec.json.encode(getattr(config, self.section))) if self.section else {}
        if self.final:
            settings["strength"] = config.strength
            if config.protect.skin:
                settings["protect"] = {"skin": config.protect.skin}
        return Recipe(self.name, self.version, taken, settings)  # settings as they come back from a manifest
