"""The smooth table that comes nearest to what was made of some photos.

Let c_p be a photo's colours and y_p the result's. The table t, one unknown for each point of the lattice and each
channel, minimises

    sum_p w_p |(S t)_p - y_p|^2  +  smoothness |D t|^2  +  pull |t - m|^2.

S interpolates between the lattice's points. D takes all second differences, along the axes and mixed: a table that
bends nothing costs nothing. m is the global Monge-Kantorovich map from the c_p to the y_p, to which the table leans
where the photos have no colours: far from all of them, it goes on no steeper than 1. No channel leaves the range of the
y_p. All three terms are sparse, and the system is solved by conjugate gradients.

The pixels are first pooled in bins of colour. The mean result of a bin of n pixels is uncertain by its spread over n,
and by what varies from photo to photo whatever n is, so its weight is n / (n + PLENTY): a wide sky does not outvote the
rare colours of a face. Where brighter colours become the brighter ones, the table is made to do so everywhere.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from skimage.color import deltaE_ciede2000, rgb2lab

from stages.arrays import Array
from stages.colour.transport import NOISE_VARIANCE, bounded, covariance, monge_kantorovich
from stages.look.monotone import made_to_rise, rising_steps
from stages.look.multigrid import solve_on_lattice
from stages.look.table import SIZE, Table, apply_table, identity

BINS = 64
"""Along an edge of the cube of colours: half as wide as the table's cells."""
PLENTY = 16.0
"""Pixels, after which more of the same colour add little."""
SMOOTHNESS = 3.0
"""With a tenth of it, a clear sky was mottled; with ten times as much, a strong look lost another Delta E 2000 of 1."""
PULL = 1e-3
UNSEEN = 1e-2
"""How firmly a point without colours near it keeps its luma, where one that has them does by their weight."""
WITHIN = 2.5
"""Standard deviations from the mean, that the contents' colours are taken to reach."""


class Pooled(NamedTuple):
    """Colours of photos and what became of them, in bins."""

    content: Array
    """(n, 3), the mean colour of each bin."""
    result: Array
    """(n, 3), the mean of what became of it."""
    pixels: Array
    """(n,), how many each bin holds."""


def pool(contents: NDArray[np.floating], results: NDArray[np.floating]) -> Pooled:
    """The colours of pixels, (n, 3) each in [0, 1], sRGB, pooled in bins by the content's colour."""
    levels = np.minimum((contents * BINS).astype(np.int64), BINS - 1)
    _, place = np.unique(levels @ (BINS**2, BINS, 1), return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    means = [
        np.stack([np.bincount(place, channel) / count for channel in colours.T.astype(np.float64)], axis=1)
        for colours in (contents, results)
    ]
    return Pooled(means[0], means[1], count)


def fit_table(contents: NDArray[np.floating], results: NDArray[np.floating], size: int = SIZE) -> Table:
    """The table that takes photos to what was made of them, as nearly as a smooth one can.

    contents, results: (n, 3) pixels in [0, 1], sRGB, of one photo or of several, n >= 1.
    """
    pooled = pool(contents, results)
    lattice = identity(size).reshape(-1, 3).astype(np.float64)
    photos, made = contents.astype(np.float64), results.astype(np.float64)
    A, _ = monge_kantorovich(photos, made)
    prior = _going_on(A, photos, made.mean(axis=0), lattice)
    darkest, lightest = made.min(axis=0), made.max(axis=0)
    prior = prior.clip(darkest, lightest)
    weights = pooled.pixels / (pooled.pixels + PLENTY)
    S = interpolation(pooled.content, size)
    D = second_differences(size)
    system = (S.T @ sparse.diags_array(weights) @ S + SMOOTHNESS * D.T @ D + PULL * sparse.eye_array(size**3)).tocsr()
    wanted = S.T @ (weights[:, None] * pooled.result) + PULL * prior
    solved = solve_on_lattice(system, wanted, prior, size)
    table: Table = solved.clip(darkest, lightest).reshape(size, size, size, 3).astype(np.float32)
    firmness = UNSEEN + (S.T @ weights).reshape(size, size, size)
    return made_to_rise(table, rising_steps(*pooled, A), firmness)


def _going_on(A: Array, contents: Array, mean_result: Array, colours: Array) -> Array:
    """What the affine map A of the contents' colours, about their mean, makes of any (n, 3) colours.

    What lies outside the ellipsoid of the contents' colours is mapped as the place where the ray from their mean leaves
    it, and the rest of the way without stretching.
    """
    from_mean = colours - contents.mean(axis=0)
    spread = np.linalg.inv(covariance(contents) + NOISE_VARIANCE * np.eye(3))
    distance = np.sqrt(np.einsum("ni,ij,nj->n", from_mean, spread, from_mean))
    inside = from_mean * np.minimum(1, WITHIN / np.maximum(distance, WITHIN))[:, None]
    mapped: Array = mean_result + inside @ A.T + (from_mean - inside) @ bounded(A, 1).T
    return mapped


def interpolation(colours: Array, size: int) -> sparse.csr_array:
    """(n, size^3): the four corners of each colour's tetrahedron, as in `stages.look.table`."""
    at = colours * (size - 1)
    cell = np.minimum(at.astype(np.int64), size - 2)
    fraction = at - cell
    strides = np.array([size**2, size, 1])
    order = np.argsort(-fraction, axis=1, kind="stable")
    falling = np.take_along_axis(fraction, order, axis=1)
    steps = np.cumsum(strides[order], axis=1)
    corners = (cell @ strides)[:, None] + np.concatenate([np.zeros((len(at), 1), np.int64), steps], axis=1)
    ends = np.pad(falling, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    rows = np.repeat(np.arange(len(at)), 4)
    return sparse.csr_array((-np.diff(ends).ravel(), (rows, corners.ravel())), (len(at), size**3))


def second_differences(size: int) -> sparse.csr_array:
    """Those along each axis, and those along two, which count twice as in the norm of the Hessian."""
    first = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(size - 1, size))
    second = sparse.diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(size - 2, size))
    same = sparse.eye_array(size)
    rows = []
    for axis in range(3):
        factors = [same, same, same]
        factors[axis] = second
        rows.append(sparse.kron(sparse.kron(factors[0], factors[1]), factors[2]))
        factors = [first, first, first]
        factors[axis] = same
        rows.append(np.sqrt(2) * sparse.kron(sparse.kron(factors[0], factors[1]), factors[2]))
    return sparse.vstack(rows).tocsr()


class Unheld(NamedTuple):
    """What of a result a table can't hold, in Delta E 2000 (Sharma, Wu and Dalal 2005)."""

    mean: float
    percentile_95: float


def unheld(table: Table, contents: NDArray[np.floating], results: NDArray[np.floating]) -> Unheld:
    """How far photos through a table are from what was made of them: (n, 3) pixels each in [0, 1], sRGB."""
    mapped = apply_table(table, contents.astype(np.float32))
    differences = deltaE_ciede2000(rgb2lab(mapped), rgb2lab(results.astype(np.float32)))  # type: ignore[no-untyped-call]
    return Unheld(float(differences.mean()), float(np.percentile(differences, 95)))
