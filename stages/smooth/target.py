"""What stage two aims at: the anchor, changed by stage one as far as a photograph can be.

Of stage one's change of the anchor only what affine maps of the content tell is taken (`affine_part`), and its light
and its colour apart. Light differs from place to place in any photograph, so that it is mapped in windows, and taken
more than once: as a gain, which keeps hues and leaves black black. Colour that differs from place to place within a
thing is a stain, so that it is mapped by one map of the whole image.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.arrays import LUMA
from stages.smooth.affine_part import affine_part

CELLS = 22
"""Along the long edge: windows of an eighth of the image."""
BLACK = 0.05
"""Added to luma before it is divided by."""
MOST = 3.0
"""No pixel is made lighter or darker by more than this factor."""
OUTSIDE = 0.5
"""The target is at most so far outside [0, 1]."""


def find_target(
    stylized: NDArray[np.floating], anchor: NDArray[np.floating], content: ArrayLike, emphasis: float
) -> NDArray[np.float32]:
    """The image that stage two solves for, which the solution approaches as lambda grows.

    stylized, anchor: (H, W, 3), nominally [0, 1]. content: of the same shape, floats in [0, 1]. emphasis: how many
    times the change of light is taken.
    Returns (H, W, 3) in [-0.5, 1.5].
    Raises TypeError and ValueError (see `affine_part`).
    """
    change, luma = stylized - anchor, np.array(LUMA)
    light = (change @ luma)[..., None]
    lightened = emphasis * affine_part(light, content, CELLS) / ((anchor @ luma)[..., None] + BLACK)
    target = anchor * (1 + lightened).clip(1 / MOST, MOST) + affine_part(change - light, content, cells=1)
    within: NDArray[np.float32] = target.clip(-OUTSIDE, 1 + OUTSIDE).astype(np.float32)
    return within
