"""What the stages take of one pair, and what it is called where it is hashed."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.images.raster import Alpha
from pipeline.store.files import hash_array
from stages.arrays import Labels, Photo
from stages.segment.remap import Regions

ALPHA, FULL_SIZE = "content transparency", "content at its own size"
"""What these are called among the hashes."""
AT_WORK = ("content", "style", "content regions", "style regions", ALPHA)
"""All of what is hashed but for the content at its own size, by which nothing is optimised."""


class InputError(ValueError):
    """All that is wrong with the files of one pair, one line each."""


class FullSize(NamedTuple):
    """The content as it stands in its file."""

    file: Path
    digest: str
    """Hash of what is decoded: colours, transparency and depth."""


class Inputs(NamedTuple):
    """One pair at the working size."""

    content: Photo
    style: Photo
    content_labels: Labels | None
    """(H, W) class numbers of the content's mask; None without masks."""
    style_labels: Labels | None
    regions: Regions
    """The classes that both have; all of both images without masks."""
    notes: tuple[str, ...]
    """What was put right on the way, for the user to know."""
    classes: tuple[str, ...] = ()
    """Each mask's classes with their areas, in words."""
    alpha: Alpha | None = None
    """The content's transparency, (H, W) in [0, 1]; None where it has none."""
    full_size: FullSize | None = None
    """Where the result is wanted at the content's own size."""
    shapes: tuple[tuple[int, int], ...] = ()
    """Height and width of the content and of the style in their files."""

    def hashes(self) -> dict[str, str]:
        """One hash for each array, by name: what fingerprints are made of."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "content": self.content,
            "style": self.style,
            "content regions": self.regions.content,
            "style regions": self.regions.style,
        }
        if self.alpha is not None:
            arrays[ALPHA] = self.alpha
        hashes = {name: hash_array(array) for name, array in arrays.items()}
        if not self.regions.sure:
            hashes["content regions"] += ", found"
        return hashes if self.full_size is None else {**hashes, FULL_SIZE: self.full_size.digest}
