"""The anchor of stage two: the content in the style's colours, a photograph whatever stage one has made.

Each region's colours go by one smooth map, nearly affine in any small window. So the Matting Laplacian of the content
hardly sees the anchor inside a region, and nothing that stage one drew, smeared or stained is in it. It takes the
style's colours, not the stage-one image's: those are of a small image, whose texture is averaged out, and an anchor
made from them is hazy. What the stage-one image has of its own comes by the residual.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.colour.match import match_colours
from stages.segment.remap import Regions, one_region
from stages.smooth.checks import check_image


def find_anchor(content: ArrayLike, style: ArrayLike, regions: Regions | None = None) -> NDArray[np.float32]:
    """The content, its colours in each region brought to those of the style's region (see `match_colours`).

    content, style: (H, W, 3) and (h, w, 3) floats in [0, 1], all sides at least 3. regions: the pair's; without them
    all is one.
    Returns (H, W, 3) in [0, 1].
    Raises TypeError and ValueError (see `check_image`), and ValueError for regions of another size than their photo.
    """
    photos = [check_image(image, name, 0.0, 1.0) for name, image in (("content", content), ("style", style))]
    regions = regions or one_region(photos[0].shape[:2], photos[1].shape[:2])
    labels = regions.content, regions.style
    for name, photo, given in zip(("content", "style"), photos, labels, strict=True):
        if given.shape != photo.shape[:2]:
            raise ValueError(f"{name}'s regions: {given.shape}, it is {photo.shape[:2]}; bring both to one size")
    return match_colours(photos[0], labels[0], photos[1], labels[1], regions.count, sure=regions.sure).image
