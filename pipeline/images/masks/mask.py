"""A mask as it stands in its file, and at another size."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Mask(NamedTuple):
    """A mask as it stands in its file; a file of one channel may be understood in both ways."""

    colours: npt.NDArray[np.uint8] | None
    """(H, W, 3)."""
    numbers: npt.NDArray[np.integer[Any]] | None
    """(H, W) class numbers."""
    lossy: bool = False
    indexed: bool = False
    """Whether its colours come from a palette in the file."""
    bits: int = 8
    """Of a channel, in the file."""
    notes: tuple[str, ...] = ()
    """What was put right."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        plane = self.numbers if self.numbers is not None else self.colours
        assert plane is not None
        return plane.shape[0], plane.shape[1]

    def resampled(self, shape: tuple[int, int]) -> "Mask":
        """The nearest pixel for each pixel of `shape` (height, width)."""
        rows, columns = (
            np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)
            for new, old in zip(shape, self.shape, strict=True)
        )
        colours = None if self.colours is None else self.colours[rows[:, None], columns]
        numbers = None if self.numbers is None else self.numbers[rows[:, None], columns]
        return self._replace(colours=colours, numbers=numbers)
