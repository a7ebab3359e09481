"""The anchor of stage two: the content in the style's colours, a photograph whatever stage one has made.

Each region's colours go by one smooth map, nearly affine in any small window. So the Matting Laplacian of the content
hardly sees the anchor inside a region, and nothing that stage one drew, smeared or stained is in it. It takes the
style's colours, not the stage-one image's: those are of a small image, whose texture is averaged out, and an anchor
made from them is hazy. What the stage-one image has of its own comes by the residual.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.arrays import AnyLabels
from stages.colour.match import match_colours
from stages.smooth.checks import check_image


def find_anchor(
    content: ArrayLike, style: ArrayLike, labels: AnyLabels | None = None, style_labels: AnyLabels | None = None
) -> NDArray[np.float32]:
    """The content, its colours in each region brought to those of the style's region (see `match_colours`).

    content, style: (H, W, 3) and (h, w, 3) floats in [0, 1], all sides at least 3. labels, style_labels: (H, W) and
    (h, w) region numbers from 0; without them all is one region.
    Returns (H, W, 3) in [0, 1].
    Raises TypeError and ValueError (see `check_image`), and ValueError for labels of another size than their photo.
    """
    photos = [check_image(image, name, 0.0, 1.0) for name, image in (("content", content), ("style", style))]
    regions = [
        np.zeros(photo.shape[:2], np.uint8) if given is None else given
        for photo, given in zip(photos, (labels, style_labels), strict=True)
    ]
    for name, photo, given in zip(("labels", "style_labels"), photos, regions, strict=True):
        if given.shape != photo.shape[:2]:
            raise ValueError(f"{name}: {given.shape}, the photo is {photo.shape[:2]}; bring both to one size")
    return match_colours(photos[0], regions[0], photos[1], regions[1], int(regions[0].max()) + 1).image
