"""A result whose skin keeps the hue that it had."""

import numpy as np
from numpy.typing import NDArray

from stages.colour.oklab import from_oklab, to_oklab

SMALL = 1e-6


def keep_hue(
    content: NDArray[np.floating], result: NDArray[np.floating], mask: NDArray[np.floating], share: float
) -> NDArray[np.float32]:
    """Draws the colours of a result back to the content's hue, where the mask is, and leaves its light alone.

    In OKLab's plane of colours, a pixel goes `share` of the way to the content's hue at no more colour than either has:
    so black and white stays black and white, and the whites of eyes stay white.

    content, result: (H, W, 3), sRGB in [0, 1]. mask: (H, W) in [0, 1]. share: 0 leaves the result as it is.
    Returns (H, W, 3) in [0, 1]; where the mask is 0 the result itself, bit for bit.
    """
    kept = result.astype(np.float32)
    where = mask > 0
    if not share or not where.any():
        return kept
    before, after = to_oklab(content[where]), to_oklab(result[where])
    chroma_before, chroma_after = (np.hypot(lab[:, 1], lab[:, 2])[:, None] for lab in (before, after))
    own = before[:, 1:] * np.minimum(1, chroma_after / np.maximum(chroma_before, SMALL))
    after[:, 1:] += share * mask[where][:, None] * (own - after[:, 1:])
    kept[where] = from_oklab(after)
    return kept
