"""Preconditions at the stage's door: what is wrong, how much of it, and what to do."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_image(image: ArrayLike, name: str, lowest: float, highest: float) -> NDArray[np.floating]:
    """The image as an array (H, W, 3) of floats, H and W at least 3, all values finite and in [lowest, highest].

    Raises TypeError if the values are not floats, ValueError for a wrong shape, values not finite or out of range.
    """
    array = np.asarray(image)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"{name}: values are {array.dtype}, expected floats in [0, 1]; divide 8-bit values by 255")
    if array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f"{name}: shape {array.shape}, expected H x W x 3")
    if min(array.shape[:2]) < 3:
        raise ValueError(f"{name}: {array.shape[0]} x {array.shape[1]} pixels, the 3x3 windows need at least 3 x 3")
    wrong = int(array.size - np.count_nonzero(np.isfinite(array)))
    if wrong:
        raise ValueError(f"{name}: {wrong} of {array.size} values are not finite")
    low, high = float(array.min()), float(array.max())
    if low < lowest or high > highest:
        wrong = int(np.count_nonzero((array < lowest) | (array > highest)))
        raise ValueError(
            f"{name}: {wrong} of {array.size} values outside [{lowest:g}, {highest:g}] "
            f"(lowest {low:g}, highest {high:g}); colours are expected in [0, 1]"
        )
    return array


def check_number(value: float, name: str, lowest: float, highest: float) -> None:
    """Raises ValueError unless lowest <= value <= highest."""
    if not lowest <= value <= highest:
        raise ValueError(f"{name} is {value}, expected a number from {lowest:g} to {highest:g}")
