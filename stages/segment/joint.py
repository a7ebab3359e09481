"""Regions that two photos share, without a mask: one normalised cut through both at once.

The superpixels of both photos are the nodes of one graph (joint clustering, Joulin, Bach and Ponce 2010, on features of
a network as in Melas-Kyriazi et al. 2022). Within a photo one is tied to those that look like it and lie near, and to
its neighbours across borders without contrast. From photo to photo it is tied to those that have the same standing in
their own photo: features, height and texture are measured from the photo's own mean, in its own deviations, and colour
counts little: a night's sky answers to a day's.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

from stages.arrays import Array

MOST = 8
"""Clusters that are looked for."""
LEAST_SHARE = 0.05
"""Of either photo: a cluster with less of one of them has no counterpart there, and is dissolved."""
DIMENSIONS = 24
"""Principal components kept of the features."""
NEIGHBOURS = 7
"""A superpixel is tied to this many within its photo, and to as many in the other."""
SCALE_NEIGHBOUR = 7
"""The distance to this neighbour is a superpixel's own scale (Zelnik-Manor and Perona 2004)."""


class CueWeights(NamedTuple):
    """Of what is known of a superpixel beside its features, whose variance is one for each layer."""

    colour: float
    contrast: float
    height: float
    width: float


WITHIN = CueWeights(colour=0.58, contrast=0, height=0.87, width=0.87)
ACROSS = CueWeights(colour=0.17, contrast=0.5, height=1, width=0)
"""Heights and widths are in [-1, 1]; colour is three numbers."""

EVEN = 0.2
"""Difference of colour between neighbours, in the photo's own deviations, that makes a border."""
COHESION = 1.5
"""Weight of the ties between neighbours, where those between superpixels that look alike weigh 1."""
REACH = 4.0
"""How far a superpixel's neighbours have a say in what it is: the heat equation's time, in superpixels squared. VGG's
deeper layers see across borders: what lies along one looks to them like neither of its sides."""


class Described(NamedTuple):
    """A photo's n superpixels."""

    structure: tuple[Array, ...]
    """Features of the photo as it is, for each layer (C, n), at least 0: what belongs together within it."""
    standing: tuple[Array, ...]
    """Features of its equalised grey, for each layer (C, n), at least 0: what answers to what in another."""
    colours: Array
    """(3, n): luma and two opponent colours."""
    contrast: Array
    """(n,): logarithm of the local contrast."""
    places: Array
    """(2, n): height and width, in [-1, 1]."""
    areas: Array
    """(n,): shares of the photo."""
    touching: npt.NDArray[np.bool_]
    """(n, n): which share a border."""


def joint_clusters(content: Described, style: Described) -> tuple[Array, Array]:
    """Clusters that both photos have.

    Looked for are `MOST`. What is even keeps together: neighbours without a border between them are tied, and each has
    a say in where the other belongs. A cluster that holds less than `LEAST_SHARE` of either photo is dissolved, its
    superpixels going where they belong next, until none does.

    Returns:
        (K, n) and (K, m), how far a superpixel belongs to each cluster, the largest counts; K from 1 to `MOST`.
    """
    photos = content, style
    structure = _principal([_centred(photo.structure) for photo in photos])
    standing = _principal([_centred(photo.standing) for photo in photos])
    within = [_weighted(photo, f, WITHIN) for photo, f in zip(photos, structure, strict=True)]
    across = [_weighted(photo, f, ACROSS) for photo, f in zip(photos, standing, strict=True)]
    ties = [_ties(photo) for photo in photos]
    belonging = np.split(_normalised_cut(_graph(within, ties, across), MOST), [len(within[0])])
    of_content, of_style = (_diffused(*side).T for side in zip(photos, belonging, ties, strict=True))
    sides = of_content, of_style
    while len(sides[0]) > 1:
        shares = [
            np.bincount(side.argmax(axis=0), photo.areas, minlength=len(side))
            for side, photo in zip(sides, photos, strict=True)
        ]
        weakest = np.minimum(*shares)
        if weakest.min() >= LEAST_SHARE:
            break
        sides = np.delete(sides[0], weakest.argmin(), axis=0), np.delete(sides[1], weakest.argmin(), axis=0)
    return sides


def _centred(features: Sequence[Array]) -> Array:
    """Square roots of the features about their mean, each layer of variance 1 in all: (channels, n)."""
    layers = []
    for layer in features:
        values = np.sqrt(layer)
        values -= values.mean(axis=1, keepdims=True)
        layers.append(values / max(float(np.sqrt((values**2).sum(axis=0).mean())), 1e-9))
    return np.concatenate(layers)


def _principal(features: Sequence[Array]) -> list[Array]:
    """Both photos' features in the leading principal directions of both: (n, DIMENSIONS) each."""
    covariance = sum(f @ f.T / f.shape[1] for f in features)
    size = len(features[0])
    _, directions = linalg.eigh(covariance, subset_by_index=[max(0, size - DIMENSIONS), size - 1])
    return [f.T @ directions for f in features]


def _weighted(photo: Described, features: Array, weights: CueWeights) -> Array:
    """(n, numbers): the features with what else is known of a superpixel, weighted."""
    colours = [weights.colour * _standardised(plane) for plane in photo.colours]
    height, width = photo.places
    rest = [weights.contrast * _standardised(photo.contrast), weights.height * height, weights.width * width]
    return np.column_stack([features, *colours, *rest])


def _ties(photo: Described) -> Array:
    """(n, n): 1 between neighbours of one colour, 0 across a border (Shi and Malik 2000, intervening contours)."""
    colours = photo.colours - photo.colours.mean(axis=1, keepdims=True)
    colours /= max(float(np.sqrt((colours**2).sum(axis=0).mean())), 0.02)  # in a photo of one colour grain is no border
    ties: Array = np.where(photo.touching, np.exp(-_squared_distances(colours.T, colours.T) / (2 * EVEN**2)), 0)
    return ties


def _diffused(photo: Described, belonging: Array, ties: Array) -> Array:
    """(n, K): what belongs where, after it spread along the ties: (A + t L) x = A b, L their Laplacian.

    An implicit step of the heat equation, which is the random walker with a prior (Grady 2005).
    """
    A = np.diag(photo.areas * len(photo.areas))
    L = np.diag(ties.sum(axis=1)) - ties
    x: Array = linalg.solve(A + REACH * L, A @ belonging, assume_a="pos")
    return x


def _standardised(values: Array) -> Array:
    centred = values - values.mean()
    standardised: Array = centred / max(float(centred.std()), 1e-3)
    return standardised


def _graph(within: Sequence[Array], ties: Sequence[Array], across: Sequence[Array]) -> Array:
    """Symmetric affinities of all superpixels, the content's first; as much weight across as within."""
    same = [_of_degree(1, _affinity(_squared_distances(x, x), own_scales=True)) for x in within]
    same = [alike + _of_degree(COHESION, tied) for alike, tied in zip(same, ties, strict=True)]
    other = _affinity(_squared_distances(*across), own_scales=False)
    other *= np.sqrt(same[0].sum() * same[1].sum()) / other.sum()
    return np.block([[same[0], other], [other.T, same[1]]])


def _of_degree(mean: float, graph: Array) -> Array:
    """The graph, scaled so that its nodes have this degree in the mean."""
    scaled: Array = graph * (mean * len(graph) / max(float(graph.sum()), 1e-12))
    return scaled


def _squared_distances(x: Array, y: Array) -> Array:
    squares: Array = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return squares.clip(min=0)


def _affinity(squares: Array, *, own_scales: bool) -> Array:
    """exp(-d^2 / s t) to the nearest neighbours, 0 to all others; s and t are the scales of both ends.

    Across the photos there is one scale for all: one without a counterpart should not find one.
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
