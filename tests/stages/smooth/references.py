"""The formulas, written out without a thought for speed, and the images that the tests of stage two share."""

import numpy as np
from numpy.typing import NDArray


def dense_laplacian(image: NDArray[np.floating], epsilon: float) -> NDArray[np.float64]:
    """The Matting Laplacian by its definition (Levin et al. 2008), window by window, with an explicit inverse."""
    height, width, _ = image.shape
    pixels = np.arange(height * width).reshape(height, width)
    laplacian = np.zeros((height * width, height * width))
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            members = pixels[y - 1 : y + 2, x - 1 : x + 2].ravel()
            colours = image.reshape(-1, 3)[members].astype(np.float64)
            centred = colours - colours.mean(axis=0)
            covariance = centred.T @ centred / 9 + epsilon / 9 * np.eye(3)
            laplacian[np.ix_(members, members)] += np.eye(9) - (1 + centred @ np.linalg.inv(covariance) @ centred.T) / 9
    return laplacian


def noisy(height: int, width: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((height, width, 3))


def photo_like(height: int, width: int, seed: int = 0) -> NDArray[np.float64]:
    """Shading, two edges, a flat region, a saturated one, and a little noise elsewhere."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    image = np.stack([0.2 + 0.6 * x, 0.3 + 0.4 * y, 0.5 - 0.3 * x * y], axis=2) + rng.normal(
        0, 0.01, (height, width, 3)
    )
    image[(x + y) > 0.8] *= 0.4
    image[: height // 4, : width // 3] = (0.25, 0.5, 0.75)
    image[-(height // 4) :, -(width // 3) :] = 1.0
    return np.clip(image, 0, 1)
