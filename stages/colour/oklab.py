"""OKLab (Ottosson 2020): lightness, and two axes of colour in which straight lines from grey keep their hue."""

import numpy as np
from numpy.typing import NDArray

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
"""From linear sRGB."""
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""From the cube roots of what the cones see."""


def to_oklab(colours: NDArray[np.floating]) -> NDArray[np.float32]:
    """(..., 3) sRGB in [0, 1] to lightness in [0, 1], green to red and blue to yellow, each within 0.4 of 0."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float32] = (np.cbrt(linear @ TO_CONES.T) @ TO_LAB.T).astype(np.float32)
    return lab


def from_oklab(lab: NDArray[np.floating]) -> NDArray[np.float32]:
    """The way back, clipped to sRGB's gamut."""
    cones = (lab @ np.linalg.inv(TO_LAB).T) ** 3
    linear = (cones @ np.linalg.inv(TO_CONES).T).clip(0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return curved.astype(np.float32)
