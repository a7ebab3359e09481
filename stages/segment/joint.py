"""Regions that two photos share, without a mask: one normalised cut through both at once.

The cells of both photos are the nodes of one graph (joint clustering, Joulin, Bach and Ponce 2010, on features of a
network as in Melas-Kyriazi et al. 2022). Within a photo a cell is tied to those that look like it and lie near. From
photo to photo it is tied to those that have the same standing in their own photo: features, height and texture are
measured from the photo's own mean, in its own deviations, and colour counts little: a night's sky answers to a day's.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

Array = npt.NDArray[np.float64]

MOST = 8
"""Clusters that are looked for."""
LEAST_SHARE = 0.05
"""Of either photo: a cluster with less of one of them has no counterpart there, and is dissolved."""
DIMENSIONS = 24
"""Principal components kept of the features."""
NEIGHBOURS = 7
"""A cell is tied to this many within its photo, and to as many in the other."""
SCALE_NEIGHBOUR = 7
"""The distance to this neighbour is a cell's own scale (Zelnik-Manor and Perona 2004)."""


class Weights(NamedTuple):
    """Of what is known of a cell beside its features, whose variance is one for each layer."""

    colour: float
    contrast: float
    height: float
    width: float


WITHIN = Weights(colour=0.58, contrast=0, height=0.87, width=0.87)
ACROSS = Weights(colour=0.17, contrast=0.5, height=1.73, width=0)
"""Heights and widths are in [-1, 1]; colour is three numbers."""


class Cells(NamedTuple):
    """A photo in coarse cells."""

    features: tuple[npt.NDArray[np.float32], ...]
    """For each layer (C, h, w), at least 0."""
    colours: npt.NDArray[np.float32]
    """(3, h, w): luma and two opponent colours."""
    contrast: npt.NDArray[np.float32]
    """(h, w): logarithm of the local contrast."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.contrast.shape[0], self.contrast.shape[1]


def joint_clusters(content: Cells, style: Cells) -> tuple[Array, Array]:
    """Clusters that both photos have.

    Looked for are `MOST`; one that holds less than `LEAST_SHARE` of either photo is dissolved, its cells going where
    they belong next, until none does.

    Returns:
        (K, h, w) each, how far a cell belongs to each cluster, the largest counts; K from 1 to `MOST`.
    """
    features = _principal([_centred(cells) for cells in (content, style)])
    within = [_described(cells, f, WITHIN) for cells, f in zip((content, style), features, strict=True)]
    across = [_described(cells, f, ACROSS) for cells, f in zip((content, style), features, strict=True)]
    belonging = _normalised_cut(_graph(within, across), MOST)
    at = len(within[0])
    sides = [belonging[:at].T, belonging[at:].T]
    while len(sides[0]) > 1:
        shares = [np.bincount(side.argmax(axis=0), minlength=len(side)) / side.shape[1] for side in sides]
        weakest = np.minimum(*shares)
        if weakest.min() >= LEAST_SHARE:
            break
        sides = [np.delete(side, weakest.argmin(), axis=0) for side in sides]
    return sides[0].reshape(-1, *content.shape), sides[1].reshape(-1, *style.shape)


def _centred(cells: Cells) -> Array:
    """Square roots of the features about their mean, each layer of variance 1 in all: (channels, cells)."""
    layers = []
    for layer in cells.features:
        values = np.sqrt(layer.reshape(len(layer), -1).astype(np.float64))
        values -= values.mean(axis=1, keepdims=True)
        layers.append(values / max(float(np.sqrt((values**2).sum(axis=0).mean())), 1e-9))
    return np.concatenate(layers)


def _principal(features: Sequence[Array]) -> list[Array]:
    """Both photos' features in the leading principal directions of both: (cells, DIMENSIONS) each."""
    covariance = sum(f @ f.T / f.shape[1] for f in features)
    size = len(features[0])
    _, directions = linalg.eigh(covariance, subset_by_index=[max(0, size - DIMENSIONS), size - 1])
    return [f.T @ directions for f in features]


def _described(cells: Cells, features: Array, weights: Weights) -> Array:
    """(cells, numbers): the features with what else is known of a cell, weighted."""
    rows, columns = cells.shape
    height = np.linspace(-1, 1, rows)[:, None].repeat(columns, axis=1)
    width = np.linspace(-1, 1, columns)[None].repeat(rows, axis=0)
    colours = [weights.colour * _standardised(plane) for plane in cells.colours]
    rest = [weights.contrast * _standardised(cells.contrast), weights.height * height, weights.width * width]
    return np.column_stack([features, *(plane.ravel() for plane in (*colours, *rest))])


def _standardised(plane: npt.NDArray[np.floating]) -> Array:
    centred = plane.astype(np.float64) - plane.mean()
    standardised: Array = centred / max(float(centred.std()), 1e-3)
    return standardised


def _graph(within: Sequence[Array], across: Sequence[Array]) -> Array:
    """Symmetric affinities of all cells, the content's first; as much weight across as within."""
    same = [_affinity(_squared_distances(x, x), own_scales=True) for x in within]
    other = _affinity(_squared_distances(*across), own_scales=False)
    other *= np.sqrt(same[0].sum() * same[1].sum()) / other.sum()
    return np.block([[same[0], other], [other.T, same[1]]])


def _squared_distances(x: Array, y: Array) -> Array:
    squares: Array = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return squares.clip(min=0)


def _affinity(squares: Array, *, own_scales: bool) -> Array:
    """exp(-d^2 / s t) to the nearest neighbours, 0 to all others; s and t are the scales of both ends.

    Across the photos there is one scale for all: a cell without a counterpart should not find one.
    """
    k = min(NEIGHBOURS, squares.shape[0] - 1, squares.shape[1] - 1)
    at = min(SCALE_NEIGHBOUR, k) if own_scales else 0
    scales = [np.sqrt(np.partition(squares, at, axis=axis).take(at, axis=axis)) + 1e-6 for axis in (1, 0)]
    if not own_scales:
        scales = [np.full_like(scale, np.median(scale)) for scale in scales]
    near = squares <= np.partition(squares, k, axis=1)[:, k, None]
    near |= squares <= np.partition(squares, k, axis=0)[k]
    affinity: Array = np.where(near, np.exp(-squares / np.outer(*scales)), 0)
    return affinity


def _normalised_cut(graph: Array, count: int) -> Array:
    """(nodes, count): the leading eigenvectors of D^-1/2 W D^-1/2, turned so that each is one cluster.

    The turn is found by a QR factorisation with column pivoting (Damle, Minden and Ying 2019): no random start.
    """
    degree = graph.sum(axis=1)
    size = len(graph)
    count = min(count, size)
    _, vectors = linalg.eigh(graph / np.sqrt(np.outer(degree, degree)), subset_by_index=[size - count, size - 1])
    _, pivots = linalg.qr(vectors.T, mode="r", pivoting=True)
    u, _, v = linalg.svd(vectors[pivots[:count]].T)
    belonging: Array = np.abs(vectors @ (u @ v)) / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    return belonging
