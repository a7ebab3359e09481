"""The style's light, place by place: what the colours of a region, matched as a whole, can't say.

The content in the style's colours has its darks and lights where the content has them. By correspondence
(`stages.features.correspondence`) each cell has the mean colour w of the content so matched, and the mean colour g of
the places of the style that are like it. The logarithm of their ratio is made smooth within the content's edges, and
what it tells of light and of colour is multiplied into the pixels: detail stays, black stays black, and no hue comes up
that the style's region has not.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from stages.arrays import LUMA, Array, Photo
from stages.colour.edges import Edges
from stages.colour.match import LONG_EDGE, Matched
from stages.colour.transport import monge_kantorovich
from stages.features.correspondence import Cells, Correspondence, averages, correspond, find_cells
from stages.features.encoder import Encoder
from stages.features.resample import to_tensor
from stages.stylize.on_device import OnDevice

AROUND = 1.2
"""Standard deviation, in cells, of the window in which mean colours are taken: that of one cell is half chance."""
LIGHT, COLOUR = 2.0, 1.3
"""Both are taken so many times: means of windows differ less than what is in them."""
OWN = 0.7
"""Where the light goes against the content's own, this share of what goes against it is left out: a thing that is lit
evenly in the style doesn't flatten one that isn't."""
TWO_SCENES, ONE_SCENE = 0.02, 0.1
"""Shares of the cells that are seen again, up to which the photos are of two scenes, and from which of one. In one
scene only those cells tell the light: what the others go to shows another thing, as bright as it happens to be."""
AS_SEEN = 0.25
"""What they tell is taken so often, of LIGHT and COLOUR: the thing itself is known, and not only means of the like."""
MOST, MOST_COLOUR = 1.1, 0.7
"""No logarithm of light, or of colour, is larger."""
BLACK = 0.05
"""Added to colours before they are divided."""
WITHIN, BORDERS = 5.0, 2.0
"""Strengths of the filters, for an image whose long edge is LONG_EDGE: of the light, and of the regions' borders."""


def relight(matched: Matched, pair: OnDevice, encoder: Encoder) -> Photo:
    """Give the content in the style's colours the style's light.

    matched: the content, (H, W, 3) in [0, 1], and which hues its regions may have. pair: the same content, the style,
    and the regions that light keeps to, which may be others. One of fewer than four cells, on either side, stays as it
    is.
    Returns (H, W, 3).
    """
    cells = find_cells(pair.content, pair.content_labels, pair.count, encoder)
    style = find_cells(pair.style, pair.style_labels, pair.count, encoder)
    colours = averages(to_tensor(matched.image, pair.content.device), cells.shape)
    style_colours = averages(pair.style, style.shape)
    labels = pair.content_labels.cpu().numpy()
    edges, scale = matched.edges, (max(labels.shape) / LONG_EDGE) ** 2
    shares = edges.shares(labels, pair.count, BORDERS * scale)
    image = np.ascontiguousarray(matched.image.transpose(2, 0, 1))
    peak, change = image.max(axis=0), np.zeros_like(image)
    correspondences = [correspond(cells, style, k) for k in range(pair.count)]
    again = np.concatenate([[False], *(found.again for found in correspondences if found is not None)]).mean()
    one_scene = float(np.clip((again - TWO_SCENES) / (ONE_SCENE - TWO_SCENES), 0, 1))
    for k, (share, found) in enumerate(zip(shares, correspondences, strict=True)):
        if found is not None:
            logs = np.zeros((len(colours), 4))
            told = 1 - one_scene * (1 - AS_SEEN * found.again[:, None])
            logs[found.inside] = told * _logs(found, k, cells, style, colours, style_colours)
            light, colour = np.split(_within_edges(logs, cells, k, labels == k, edges, WITHIN * scale), [1])
            brighter = np.exp((LIGHT * light).clip(-MOST, MOST))
            gain = brighter * np.exp((COLOUR * colour).clip(-MOST_COLOUR, MOST_COLOUR))
            gain /= 1 + (brighter - 1).clip(0) * peak  # white stays white, and what is near it keeps its detail
            change += share * (gain - 1)
    change *= image
    for weight, span in zip(matched.weights, matched.spans.astype(np.float32), strict=True):
        image += weight * np.tensordot(span, change, 1)
    return np.ascontiguousarray(image.transpose(1, 2, 0))


def _logs(
    found: Correspondence, region: int, cells: Cells, style: Cells, colours: Array, style_colours: Array
) -> Array:
    """(i, 4): of each of the region's cells the logarithm of light, and of the three channels beside it."""
    given = np.zeros_like(colours)
    given[found.inside] = found.plan @ style_colours[found.wanted]
    (given, own), (wished,) = (
        [_around(values, sides.shares[region], sides.shape)[chosen] for values in of_side]
        for sides, chosen, of_side in (
            (cells, found.inside, (given, colours)),
            (style, found.wanted, (style_colours,)),
        )
    )
    A, b = monge_kantorovich(given, wished)  # their means over many cells are duller than what they are means of
    given = (given @ A.T + b).clip(*np.percentile(wished, (1, 99), axis=0))
    luma = np.array(LUMA)
    light = _log(given @ luma) - _log(own @ luma)
    colour = _log(given) - _log(own) - light[:, None]
    masses = cells.shares[region, found.inside]
    before = _log(own @ luma)
    before -= np.average(before, weights=masses)
    against = min(0.0, float(masses * before @ light / max(float(masses @ before**2), 1e-9)))
    return np.column_stack([light - OWN * against * before, colour])


def _log(values: Array) -> Array:
    logs: Array = np.log(values.clip(0) + BLACK)
    return logs


def _around(values: Array, shares: Array, shape: tuple[int, int]) -> Array:
    """(n, C) values of cells to the means around each of them, by the shares (n,) that a region has in them."""
    weights = shares.reshape(*shape, 1)
    sums, total = (
        gaussian_filter(planes, (AROUND, AROUND, 0)) for planes in (values.reshape(*shape, -1) * weights, weights)
    )
    means: Array = (sums / np.maximum(total, 1e-6)).reshape(len(values), -1)
    return means


def _within_edges(
    values: Array, cells: Cells, region: int, inside: NDArray[np.bool_], edges: Edges, strength: float
) -> NDArray[np.floating]:
    """(n, C) values of a region's cells to (C, H, W), smooth within the edges of the content, and beyond the region."""
    weights = cells.shares[region][:, None] * (values != 0).any(axis=1, keepdims=True)
    planes = np.concatenate([values * weights, weights], axis=1).T.reshape(1, -1, *cells.shape).astype(np.float32)
    known = functional.interpolate(torch.from_numpy(planes), size=inside.shape, mode="bilinear")[0].numpy() * inside
    return edges.smooth_weighted(known, strength)
