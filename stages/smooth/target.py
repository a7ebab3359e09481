"""What stage two aims at: the anchor in the light of stage one's image.

That image is mostly texture, painted onto the photo, but its light and its colours are the style's, place by place. A
photographer could have had those. So of the ratio of the image to the anchor only what is smooth within the content's
edges is taken. A ratio keeps the anchor's detail and leaves black black, where a difference would be a haze. Light may
be taken more than once, for it differs from place to place in any photograph; colour less so, for it is soon a stain.
What is taken of light beyond once brightens a pixel less, the brighter it is already.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stages.arrays import LUMA
from stages.colour.edges import find_edges
from stages.colour.match import LONG_EDGE
from stages.segment.remap import Regions, one_region
from stages.smooth.checks import check_image

WITHIN, BORDERS = 6.0, 0.5
"""Strengths of the filters, for an image whose long edge is LONG_EDGE: of the light, and of the regions' borders."""
BLACK = 0.05
"""Added to colours before they are divided."""
MOST = 50.0
"""No logarithm of light that is taken beyond once is larger: its exponential would overflow."""
OUTSIDE = 0.5
"""The target is at most so far outside [0, 1]."""


def find_target(
    stylized: NDArray[np.floating],
    anchor: NDArray[np.floating],
    content: ArrayLike,
    emphasis: float,
    regions: Regions | None = None,
) -> NDArray[np.float32]:
    """The image that stage two solves for, which the solution approaches as lambda grows.

    stylized, anchor: (H, W, 3), nominally [0, 1]. content: of the same shape, floats in [0, 1]. emphasis: how many
    times the change of light is taken; that of colour is taken by the root of it. regions: the pair's; no light goes
    from one of its places into another, where fog may have left no edge between them. Without them all is one.
    Returns (H, W, 3) in [-0.5, 1.5].
    Raises TypeError and ValueError (see `check_image`), and ValueError for images of another size than the content's.
    """
    photo = check_image(content, "content", lowest=0.0, highest=1.0)
    places = (regions or one_region(photo.shape[:2], photo.shape[:2])).places
    for name, image in (("stylized", stylized), ("anchor", anchor), ("regions", places.content)):
        if image.shape[:2] != photo.shape[:2]:
            raise ValueError(f"{name}: {image.shape[:2]}, the content is {photo.shape[:2]}; bring both to one size")
    seen, base = (image.astype(np.float64).clip(0) + BLACK for image in (stylized, anchor))
    logs, change = np.log(seen / base).astype(np.float32).transpose(2, 0, 1), np.zeros_like(base)
    edges, scale = find_edges(photo), (max(photo.shape) / LONG_EDGE) ** 2
    for k, share in enumerate(edges.shares(places.content, places.count, BORDERS * scale)):
        inside = places.content == k
        if inside.any():
            change += share[..., None] * edges.smooth_within(logs, inside, WITHIN * scale).transpose(1, 2, 0)
    light = (change @ np.array(LUMA))[..., None]
    lit = base * np.exp(min(emphasis, 1) * light + emphasis**0.5 * (change - light))
    brightest = lit.max(axis=2, keepdims=True).clip(0, 1)
    more = np.exp((max(emphasis - 1, 0) * light).clip(max=MOST))
    more /= 1 + (more - 1).clip(0) * brightest  # white stays white, and what is near it keeps its detail
    target: NDArray[np.float32] = (lit * more - BLACK).clip(-OUTSIDE, 1 + OUTSIDE).astype(np.float32)
    return target
