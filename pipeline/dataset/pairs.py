"""What a dataset is: its pairs, and what is wrong with those that can't be used."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from stages.segment.labels import PALETTE, Colour


class DatasetError(ValueError):
    """A folder that is no dataset at all."""


class Fault(NamedTuple):
    """Something wrong with one pair, and what to do."""

    pair: str
    text: str


class Unused(NamedTuple):
    """What looks like a photo, a mask or settings, and counts for nothing."""

    pair: str
    """To whose files it belongs; "" where to none's."""
    text: str


class MaskRules(NamedTuple):
    """How a dataset's masks are read."""

    palette: Mapping[str, Colour] = PALETTE
    strict: bool = False
    """Whether what could be put right is an error nevertheless."""
    sure: bool = True
    """Whether their regions are (see `Regions`)."""


class Pair(NamedTuple):
    """The files of one content photo and one style photo; the masks come both or not at all."""

    name: str
    content: Path
    style: Path
    content_mask: Path | None = None
    style_mask: Path | None = None
    comparisons: Mapping[str, Path] = {}
    """Other methods' results by the method's name."""
    settings: Path | None = None
    """Where its own settings would be; None where it can have none."""
    mask_rules: MaskRules = MaskRules()
    """How its masks are read."""

    def files(self) -> list[Path]:
        """The photos, and the masks where there are any."""
        return [path for path in (self.content, self.style, self.content_mask, self.style_mask) if path is not None]

    def own_settings(self) -> Path | None:
        """The file of its own settings, if it has any."""
        return self.settings if self.settings is not None and self.settings.exists() else None


class Dataset(NamedTuple):
    """The complete pairs of a folder in natural order, the faults of the others, and what is used for neither."""

    name: str
    root: Path
    pairs: tuple[Pair, ...]
    faults: tuple[Fault, ...]
    unused: tuple[Unused, ...] = ()
