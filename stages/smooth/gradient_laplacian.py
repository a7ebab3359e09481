"""The gradient Laplacian G of an image: how much another image changes where this one has no edge.

r^T G r = sum over neighbours p, q of w_pq (r_p - r_q)^2, with the ties w of `stages.colour.edges` (weighted least
squares, Farbman et al. 2008). Its entries lie within the Matting Laplacian's pattern: in the stencil of
`matting_laplacian`, at the offsets (0, 0), (0, 1) and (1, 0) only.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.colour.edges import find_edges
from stages.smooth.checks import check_image

SLOTS = [0, 1, 5]
"""Of the stencil's thirteen: a pixel with itself, with its right and with its lower neighbour."""
LONG_EDGE = 700
"""Pixels: at this size a mu is taken as it stands."""


def mu_at_size(mu: float, height: int, width: int) -> float:
    """The mu that reaches as far across an image of this size as the given one does at LONG_EDGE.

    Where nothing stands in its way, the residual is smoothed over sqrt(mu w / lambda) pixels.
    """
    return mu * (max(height, width) / LONG_EDGE) ** 2


def gradient_stencil(content: ArrayLike) -> NDArray[np.float64]:
    """G as the three slots of a stencil, (H, 3, W) float64; rows of the matrix sum to zero.

    content: (H, W, 3) floats in [0, 1], H and W at least 3. Raises TypeError and ValueError (see `check_image`).
    """
    right, down = find_edges(check_image(content, "content", lowest=0.0, highest=1.0))
    height, width = down.shape[0] + 1, down.shape[1]
    entries = np.zeros((height, 3, width))
    entries[:, 1, :-1] = -right
    entries[:-1, 2] = -down
    entries[:, 0, :-1] += right
    entries[:, 0, 1:] += right
    entries[:-1, 0] += down
    entries[1:, 0] += down
    return entries
