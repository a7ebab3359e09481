"""Which pixels are the skin of the people whose faces were found."""

import numpy as np
from numpy.typing import NDArray

from stages.colour.edges import find_edges
from stages.colour.oklab import to_oklab
from stages.people.faces import Faces

INNER = (0.36, 0.42)
"""Half axes of the ellipse that holds eyes, nose and mouth and little else, in widths and heights of a face's box."""
REACH, OF_HEIGHT = 60.0, 300
"""Strength of the filter that spreads a face to its jaw, ears and neck, for a face of this height in pixels. It stops
at edges: behind a head, sand and walls may have the colours of skin too."""
BEYOND, WITHIN = 0.03, 0.12
"""What the filter leaves of a face up to which a pixel is beyond it, and from which it is within."""
TRIMMED = 2.0
"""Standard deviations: what is further from a face's mean colour is its eyes, lips and beard."""
NARROWEST = (0.15, 0.015, 0.015)
"""Standard deviations, of lightness and colours, that a skin has at least, by its own light and shadow."""
START, ROUNDS, FEW = (0.15, 0.04, 0.04), 3, 8
"""Standard deviations that the mean is first looked for with, how often, and by how many pixels at least."""
ALIKE, UNLIKE = 2.2, 3.2
"""Standard deviations of colour up to which a pixel is skin, and from which it is none."""
STRENGTH, LONG_EDGE = 1.0, 700
"""Of the filter that keeps the mask within edges, for a photo of this long edge."""
DARKEST = 0.05
"""Lightness below which colours say nothing."""


def skin_of(photo: NDArray[np.floating], faces: Faces) -> NDArray[np.float32]:
    """How much each pixel is skin: each face's own colours, as far as no edge parts them from it, softly.

    The inner face is skin whatever its colours: lips keep theirs, eyes their whites.

    photo: (H, W, 3), sRGB in [0, 1].
    Returns (H, W) in [0, 1].
    """
    height, width = photo.shape[:2]
    mask = np.zeros((height, width))
    if not len(faces.boxes):
        return mask.astype(np.float32)
    lab, edges = to_oklab(photo), find_edges(photo)
    y, x = np.mgrid[:height, :width]
    for left, top, right, bottom in faces.boxes:
        across, along = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
        inner = np.hypot(across / INNER[0], along / INNER[1])
        if not (inner < 1).any():
            continue
        alike = _alike(lab, inner < 1)
        seed = (inner < 1)[None].astype(np.float32)
        (reached,) = edges.smooth(seed, REACH * ((bottom - top) / OF_HEIGHT) ** 2)
        mask = np.maximum(mask, np.maximum(alike * _falling(-reached, -WITHIN, -BEYOND), _falling(inner, 0.8, 1.2)))
    strength = STRENGTH * (max(height, width) / LONG_EDGE) ** 2
    (smooth,) = edges.smooth(mask[None].astype(np.float32), strength)
    skin: NDArray[np.float32] = smooth.clip(0, 1)
    return skin


def _falling(values: NDArray[np.floating], last: float, first: float) -> NDArray[np.floating]:
    """1 up to the last value that counts whole, 0 from the first on that does not count, smooth between."""
    share = ((first - values) / (first - last)).clip(0, 1)
    falling: NDArray[np.floating] = share * share * (3 - 2 * share)
    return falling


def _alike(lab: NDArray[np.float32], inner: NDArray[np.bool_]) -> NDArray[np.floating]:
    """How much each pixel has the colours of a face, by the distance from their mean in their own spread.

    Colours are taken over lightness: in shadow the same skin has less of both.
    """
    lightness = lab[..., :1].astype(np.float64)
    colours = np.concatenate([lightness, lab[..., 1:] / np.maximum(lightness, DARKEST)], axis=-1)
    own = kept = colours[inner]
    mean, spread = np.median(own, axis=0), np.diag(np.square(START))
    for _ in range(ROUNDS):
        near = own[_distance(own, mean, spread) <= TRIMMED]
        kept = near if len(near) > FEW else kept
        mean, spread = kept.mean(axis=0), np.cov(kept.T) + np.diag(np.square(NARROWEST))
    return _falling(_distance(colours, mean, spread), ALIKE, UNLIKE)


def _distance(
    colours: NDArray[np.float64], mean: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    off = colours - mean
    squared: NDArray[np.float64] = np.einsum("...i,ij,...j", off, np.linalg.inv(spread), off)
    return np.sqrt(squared)
