"""Contrast kept: whether haze lies over a result, or its detail is gone."""

import numpy as np
from scipy import ndimage

from stages.arrays import LUMA, Array, Photo

FINE, COARSE = 2.0, 8.0
"""Levels: sigmas of the Gaussian windows."""
VISIBLE = 0.02
"""Local contrast of the content below this is none that could be kept."""


def contrast_kept(before: Array, image: Photo, sigma: float) -> float:
    """Median over pixels of log2 of the image's local contrast over the content's; 0 keeps it, -1 halves it.

    Local contrast is luma's standard deviation over its mean + 0.1, in a Gaussian window. Levels count where the
    content's is over 0.02; without any, nothing is lost.

    Args:
        before: the content's local contrast, (H, W).
        image: (H, W, 3) in [0, 1].
        sigma: of the window, pixels.
    """
    after, there = local_contrast(image, sigma), before > VISIBLE
    return float(np.median(np.log2(np.maximum(after[there], 1e-6) / before[there]))) if there.any() else 0.0


def local_contrast(image: Photo, sigma: float) -> Array:
    """(H, W), see `contrast_kept`."""
    luma = image.astype(np.float64) @ np.array(LUMA)
    mean = ndimage.gaussian_filter(luma, sigma)
    variance = ndimage.gaussian_filter(luma * luma, sigma) - mean * mean
    contrast: Array = np.sqrt(variance.clip(0)) / (mean + 0.1)
    return contrast
