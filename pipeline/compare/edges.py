"""The edges of an image, as they are compared."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from stages.arrays import LUMA, Photo

EDGE_FLOOR = 0.02
"""An image without edges stays one: the least gradient that counts as a full edge."""


def edge_map(image: Photo) -> npt.NDArray[np.float64]:
    """The edges of an (H, W, 3) image in [0, 1]: (H, W) in [0, 1], as `Scores.edge_ssim` defines them."""
    blurred = ndimage.gaussian_filter(image.astype(np.float64) @ np.array(LUMA), sigma=1.0)
    magnitude = np.hypot(ndimage.sobel(blurred, axis=0), ndimage.sobel(blurred, axis=1))
    edges: npt.NDArray[np.float64] = np.clip(magnitude / max(np.percentile(magnitude, 99), EDGE_FLOOR), 0, 1)
    return edges
