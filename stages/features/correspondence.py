"""Which places of the style belong to a place of the content: optimal transport between deep features.

A region's Gram matrix, like its mean colour, says what it looks like but not where. Yet the glow of a dusk stands over
the horizon, and the lit walls of a night over its water. So both photos are cut into cells, and each cell of a region
of the content goes to cells of the same region of the style that show the like. What cell i costs for cell j is

    C_ij = 1 - <z_i, z_j> + HEIGHT (h_i - h_j)^2,

z a cell's features, standardised within its region and of length one, h its height in the region, from 0 to 1. The plan
of least cost and of entropy, by Sinkhorn's iterations (Cuturi 2013), uses each part of the style's region as often as
it is there: what is bright in it goes to the places that are most like it, and not to all.
(Optimal transport of features as a style loss: Kolkin, Salavon and Shakhnarovich 2019.)
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from stages.arrays import Array
from stages.features.encoder import Encoder
from stages.features.guides import one_hot
from stages.features.resample import resample, shape_at, shape_of

SIZE = 350
"""Long edge at which the features are taken."""
LAYERS = ("relu3_1", "relu4_1", "relu5_1")
CELLS_OF = "relu4_1"
"""Its activations are the cells: 8 pixels each way."""
INSIDE = 0.3
"""A cell is of a region that has this share of it."""
FEWEST = 4
"""Of cells, on either side: a smaller region has no places."""
HEIGHT = 0.6
ENTROPY = 0.03
ROUNDS = 60
MOSTLY, THE_SAME = 0.5, 0.6
"""A thing is seen again where one cell has more of the plan than this, and some cell a likeness above that. Of two
photos of different scenes hardly a hundredth of the cells are, of two views of one scene an eighth or more."""


class Cells(NamedTuple):
    """A photo cut into n cells."""

    features: list[NDArray[np.float32]]
    """(n, C) of each layer."""
    shares: Array
    """(K, n), each region's of a cell."""
    shape: tuple[int, int]
    """Rows and columns."""


class Correspondence(NamedTuple):
    """Of one region's cells in the content with those in the style."""

    inside: NDArray[np.intp]
    """(i,), the content's cells."""
    wanted: NDArray[np.intp]
    """(j,), the style's."""
    plan: Array
    """(i, j), how much of each cell of the style belongs to each of the content's; rows sum to one."""
    again: NDArray[np.bool_]
    """(i,), which of the content's show the very thing that one of the style shows."""


def find_cells(photo: Tensor, labels: Tensor, count: int, encoder: Encoder) -> Cells:
    """Cut a photo, (1, 3, H, W) in [0, 1], its regions' labels (H, W), 0 to count - 1, on the encoder's device."""
    with torch.inference_mode():
        activations = encoder(resample(photo, shape_at(shape_of(photo), SIZE)), LAYERS)
    shape = shape_of(activations[CELLS_OF])
    shares = averages(one_hot(labels, count), shape).T
    return Cells([_pooled(activations[layer], shape).numpy() for layer in LAYERS], shares, shape)


def averages(image: Tensor, shape: tuple[int, int]) -> Array:
    """(n, C), the means of an image (1, C, H, W) over its cells, n = rows * columns."""
    return _pooled(image, shape).double().numpy()


def _pooled(image: Tensor, shape: tuple[int, int]) -> Tensor:
    return functional.adaptive_avg_pool2d(image, shape)[0].flatten(1).T.contiguous().cpu()


def correspond(content: Cells, style: Cells, region: int) -> Correspondence | None:
    """Bring one region's cells together; None where either side has too few of them."""
    inside, wanted = (np.flatnonzero(cells.shares[region] > INSIDE) for cells in (content, style))
    if min(len(inside), len(wanted)) < FEWEST:
        return None
    (z, h, masses), (z_style, h_style, masses_style) = (
        (_described(cells, chosen, region), _heights(cells, chosen), cells.shares[region, chosen])
        for cells, chosen in ((content, inside), (style, wanted))
    )
    likeness = z @ z_style.T
    cost = 1 - likeness + HEIGHT * np.square(h[:, None] - h_style)
    plan = _sinkhorn(cost, masses / masses.sum(), masses_style / masses_style.sum())
    again = (plan.max(axis=1) > MOSTLY) & (likeness.max(axis=1) > THE_SAME)
    return Correspondence(inside, wanted, plan, again)


def _described(cells: Cells, chosen: NDArray[np.intp], region: int) -> NDArray[np.float32]:
    """(n, C): the layers' features side by side, each standardised and of the same length."""
    masses = cells.shares[region, chosen].astype(np.float32)
    described = []
    for layer in cells.features:
        features = layer[chosen]
        centred = features - np.average(features, axis=0, weights=masses)
        standard = centred / (np.sqrt(np.average(centred**2, axis=0, weights=masses)) + 1e-3)
        described.append(standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-9))
    side_by_side: NDArray[np.float32] = np.concatenate(described, axis=1) / len(described) ** 0.5
    return side_by_side


def _heights(cells: Cells, chosen: NDArray[np.intp]) -> Array:
    rows = (chosen // cells.shape[1]).astype(np.float64)
    heights: Array = (rows - rows.min()) / max(float(np.ptp(rows)), 1.0)
    return heights


def _sinkhorn(cost: Array, masses: Array, wanted: Array) -> Array:
    """(i, j), rows summing to one: the plan between masses (i,) and (j,), each summing to one."""
    kernel = np.exp((cost.min(axis=1, keepdims=True) - cost) / ENTROPY)
    columns = np.ones_like(wanted)
    for _ in range(ROUNDS):
        rows = masses / (kernel @ columns)
        columns = wanted / np.maximum(rows @ kernel, 1e-300)
    plan = kernel * columns
    shares: Array = plan / plan.sum(axis=1, keepdims=True)
    return shares
