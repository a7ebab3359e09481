"""The anchor of stage two: the content in the stage-one image's colours, which is a photograph whatever that image is.

Each region's colours go by one affine map, so that the Matting Laplacian of the content does not see the anchor inside
a region, and nothing that stage one drew, smeared or stained is in it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.colour.match import Labels, match_colours
from stages.smooth.checks import check_image


def find_anchor(content: ArrayLike, stylized: ArrayLike, labels: Labels | None = None) -> NDArray[np.float32]:
    """The content, its colours in each region brought to the mean and covariance of the stage-one image's there.

    content: H x W x 3 floats in [0, 1], H and W at least 3. stylized: of the same shape, nominally [0, 1], at most 0.5
    outside. labels: H x W region numbers from 0; without them all is one region.
    Returns H x W x 3 in [0, 1].
    Raises TypeError and ValueError (see `check_image`), and ValueError for shapes that differ.
    """
    photo = check_image(content, "content", lowest=0.0, highest=1.0)
    target = check_image(stylized, "stylized", lowest=-0.5, highest=1.5)
    labels = np.zeros(photo.shape[:2], np.uint8) if labels is None else labels
    for name, shape in (("stylized", target.shape[:2]), ("labels", labels.shape)):
        if shape != photo.shape[:2]:
            raise ValueError(f"{name}: {shape}, the content is {photo.shape[:2]}; bring both to one size")
    return match_colours(photo, labels, target.clip(0, 1), labels, int(labels.max()) + 1).image
