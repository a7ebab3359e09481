"""What in the style may serve a class of the content that the style lacks: by name, or else by looks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy

from stages.arrays import LUMA, AnyLabels, Photo

SUBSTITUTES: dict[str, tuple[str, ...]] = {
    "sky": ("water",),
    "water": ("sky", "ground"),
    "vegetation": ("ground", "mountain"),
    "ground": ("vegetation", "building", "water"),
    "mountain": ("ground", "vegetation", "building"),
    "building": ("interior", "ground", "mountain"),
    "interior": ("building",),
    "person": ("object",),
    "object": ("building", "person"),
}
"""For a class of this name, those that may serve in its place, the best first: what is lit alike (Luan et al. 2017,
section 4, merge the classes of their masks by hand in the same spirit)."""

GRAIN = 2.0
"""Pixels: local contrast is that of detail finer than this."""


def by_name(name: str, offered: Sequence[str]) -> int | None:
    """Which of the offered names may serve in place of one; None where the name says nothing."""
    return next((offered.index(other) for other in SUBSTITUTES.get(name, ()) if other in offered), None)


def opponent_colours(photo: Photo) -> Photo:
    """(3, H, W): luma, red against green, blue against luma; of (H, W, 3) in [0, 1]."""
    luma = photo @ np.array(LUMA, np.float32)
    planes: Photo = np.stack([luma, photo[..., 0] - photo[..., 1], photo[..., 2] - luma])
    return planes


def looks(photo: Photo, labels: AnyLabels, count: int) -> npt.NDArray[np.float64]:
    """How each class looks beside the rest of its own photo.

    Brightness, two opponent colours, local contrast and height in the picture: means over the class, in standard
    deviations from the photo's mean. So the bright part of a night answers to the bright part of a day.

    Args:
        photo: (H, W, 3) in [0, 1].
        labels: (H, W), 0 .. count - 1.

    Returns:
        (count, 5), NaN for a class without pixels.
    """
    luma, red_green, blue_yellow = opponent_colours(photo)
    contrast = np.log(np.abs(luma - scipy.ndimage.gaussian_filter(luma, GRAIN)) + np.float32(1 / 255))
    height = np.broadcast_to(np.linspace(-1, 1, len(luma))[:, None], luma.shape)
    measures = []
    pixels = np.bincount(labels.ravel(), minlength=count).astype(float)
    pixels[pixels == 0] = np.nan
    for plane in (luma, red_green, blue_yellow, contrast, height):
        standardised = (plane - plane.mean()) / max(float(plane.std()), 1e-3)
        measures.append(np.bincount(labels.ravel(), standardised.ravel(), count) / pixels)
    return np.stack(measures, axis=1)
