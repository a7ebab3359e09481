"""The coarse space of the two-level preconditioner: affine maps of the content's colours, varying slowly.

Nodes lie SPACING pixels apart, with bilinear hats phi_b that sum to one. The space is spanned by phi_b(p) z(p) with z
among [1, R, G, B]: what the Matting Laplacian hardly sees is locally affine in the content's colours, so smooth errors
live here (a partition-of-unity coarse space, Babuska and Melenk 1997; smoothed aggregation builds a like one by
algebra). A hat is flat within a pixel of its node's row and column: each 3x3 window then sees the four nodes of one
cell, and the Galerkin matrix P^T L P couples a node to its eight neighbours only. At each node the colours are
whitened, so that flat neighbourhoods do not spoil the conditioning.

Coefficients are arrays (rows, columns, C, 4) float64: for each node and each of C planes, over [1, R, G, B].
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from stages.smooth.matting_laplacian import apply_stencil

SPACING = 8  # pixels: at 6 a third fewer iterations, but at 12 MP a coarse factor twice as large
RIDGE = 1e-6  # of the whitening: colours that differ by less than a quarter of an 8-bit step count as flat
COLOURS = 3  # nodes three apart do not meet: nine groups of nodes can be probed at once

Coefficients = NDArray[np.float64]


class Hats(NamedTuple):
    """The hats along one axis: between its two nodes, a pixel takes a share of each."""

    edges: NDArray[np.int64]
    """(nodes,) the pixel that each node lies on."""
    share: NDArray[np.float64]
    """(pixels,) of the next node; one minus it is of the node before."""


def hats(length: int) -> Hats:
    """The hats along an axis of so many pixels, at least 3."""
    nodes = max(2, round((length - 1) / SPACING) + 1)
    edges = np.rint(np.linspace(0, length - 1, nodes)).astype(np.int64)
    share = np.ones(length)
    for first, last in pairwise(edges):
        share[first:last] = np.clip((np.arange(last - first) - 1) / max(last - first - 2, 1), 0, 1)
    return Hats(edges, share)


class CoarseSpace:
    """The prolongation P from coefficients of the whitened basis to planes, and its transpose."""

    def __init__(self, colours: NDArray[np.float32]) -> None:
        """colours: the content, (3, H, W) in [0, 1]."""
        self._colours = colours
        _, height, width = colours.shape
        self._rows, self._columns = hats(height), hats(width)
        self.shape = (len(self._rows.edges), len(self._columns.edges))
        """Rows and columns of nodes."""
        ones = np.ones((1, height, width), np.float32)
        gram = np.stack([self._moments(plane) for plane in (ones, *colours[:, None])], axis=2)[:, :, :, 0]
        self._whitening = _whitening(gram)

    def prolong(self, coefficients: Coefficients, planes: NDArray[np.floating]) -> None:
        """Add P times the coefficients (rows, columns, C, 4) to planes (C, H, W)."""
        maps = np.ascontiguousarray(np.einsum("rcij,rcni->rcnj", self._whitening, coefficients))
        _prolong(maps, self._colours, *self._rows, *self._columns, planes)

    def restrict(self, planes: NDArray[np.floating]) -> Coefficients:
        """P^T times planes (C, H, W): coefficients (rows, columns, C, 4)."""
        product: Coefficients = np.einsum("rcij,rcnj->rcni", self._whitening, self._moments(planes))
        return product

    def galerkin(self, stencil: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P^T L P and P^T P as blocks (rows, columns, 9, 4, 4): of each node with its neighbours in reading order.

        Found by probing: P^T L P applied to all nodes of one colour at once, of nine (Curtis, Powell, Reid 1974).
        """
        rows, columns = self.shape
        stiffness, mass = (np.zeros((rows, columns, COLOURS * COLOURS, 4, 4)) for _ in range(2))
        for first_row in range(COLOURS):
            for first_column in range(COLOURS):
                probe = np.zeros((rows, columns, 4, 4))
                probe[first_row::COLOURS, first_column::COLOURS] = np.eye(4)
                planes = np.zeros((4, *self._colours.shape[1:]))
                self.prolong(probe, planes)
                down = (first_row - np.arange(rows) + 1) % COLOURS
                right = (first_column - np.arange(columns) + 1) % COLOURS
                at = np.ix_(np.arange(rows), np.arange(columns))
                neighbour = COLOURS * down[:, None] + right
                mass[*at, neighbour] = self.restrict(planes).swapaxes(2, 3)
                stiffness[*at, neighbour] = self.restrict(apply_stencil(stencil, planes)).swapaxes(2, 3)
        return stiffness, mass

    def _moments(self, planes: NDArray[np.floating]) -> Coefficients:
        """Sums of phi_b times each plane times [1, R, G, B]."""
        moments = np.zeros((*self.shape, len(planes), 4))
        _add_moments(planes, self._colours, *self._rows, *self._columns, moments)
        return moments


def _whitening(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, columns, 4, 4): what makes colours, under each hat, of mean 0 and covariance I, but for the ridge.

    gram: (rows, columns, 4, 4) sums of [1, R, G, B] [1, R, G, B]^T under each hat.
    """
    mean = gram[..., 0, 1:] / gram[..., 0, :1]
    covariance = gram[..., 1:, 1:] / gram[..., :1, :1] - mean[..., :, None] * mean[..., None, :]
    whitening = np.zeros_like(gram)
    whitening[..., 0, 0] = 1
    inverse = np.linalg.inv(np.linalg.cholesky(covariance + RIDGE * np.eye(3)))
    whitening[..., 1:, 1:] = inverse
    whitening[..., 1:, 0] = -(inverse @ mean[..., None])[..., 0]
    return whitening


@njit(cache=True, parallel=True, nogil=True)
def _prolong(maps, colours, row_edges, row_share, column_edges, column_share, planes):  # type: ignore[no-untyped-def]
    """Add to each pixel the maps of its cell's four nodes, each by its share, of the pixel's colour."""
    channels, height, _ = planes.shape
    nodes = len(column_edges)
    for y in prange(height):
        above = min(int(np.searchsorted(row_edges, y, side="right")), len(row_edges) - 1) - 1
        weight = row_share[y]
        red, green, blue = colours[0, y], colours[1, y], colours[2, y]
        for c in range(channels):
            row = planes[c, y]
            r0, r1, r2, r3 = _between(maps[above, 0, c], maps[above + 1, 0, c], weight)
            for i in range(nodes - 1):
                l0, l1, l2, l3 = r0, r1, r2, r3
                r0, r1, r2, r3 = _between(maps[above, i + 1, c], maps[above + 1, i + 1, c], weight)
                s0, s1, s2, s3 = r0 - l0, r1 - l1, r2 - l2, r3 - l3
                for u in range(column_edges[i], column_edges[i + 1] + (i == nodes - 2)):
                    t = column_share[u]
                    offset = l0 + t * s0
                    row[u] += offset + (l1 + t * s1) * red[u] + (l2 + t * s2) * green[u] + (l3 + t * s3) * blue[u]


@njit(cache=True, nogil=True)
def _between(a, b, share):  # type: ignore[no-untyped-def]
    """One node's map and the next one's, mixed."""
    return (
        a[0] + share * (b[0] - a[0]),
        a[1] + share * (b[1] - a[1]),
        a[2] + share * (b[2] - a[2]),
        a[3] + share * (b[3] - a[3]),
    )


@njit(cache=True, parallel=True, nogil=True)
def _add_moments(  # type: ignore[no-untyped-def]
    planes, colours, row_edges, row_share, column_edges, column_share, moments
):
    """Add to each node the sums under its hat; each row of nodes is one task's, so that sums keep their order."""
    channels, height, _ = planes.shape
    rows, nodes = len(row_edges), len(column_edges)
    for r in prange(rows):
        first, last = row_edges[max(r - 1, 0)], min(row_edges[min(r + 1, rows - 1)], height - 1)
        for y in range(first, last + 1):
            if (y == first and r > 0) or (y == last and r < rows - 1):
                continue  # this hat is zero there
            weight = row_share[y] if y < row_edges[r] or (r == rows - 1 and y == last) else 1 - row_share[y]
            red, green, blue = colours[0, y], colours[1, y], colours[2, y]
            for c in range(channels):
                row = planes[c, y]
                for i in range(nodes - 1):
                    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
                    for u in range(column_edges[i], column_edges[i + 1] + (i == nodes - 2)):
                        right = weight * row[u] * column_share[u]
                        left = weight * row[u] - right
                        a0 += left
                        a1 += left * red[u]
                        a2 += left * green[u]
                        a3 += left * blue[u]
                        b0 += right
                        b1 += right * red[u]
                        b2 += right * green[u]
                        b3 += right * blue[u]
                    here, there = moments[r, i, c], moments[r, i + 1, c]
                    here[0] += a0
                    here[1] += a1
                    here[2] += a2
                    here[3] += a3
                    there[0] += b0
                    there[1] += b1
                    there[2] += b2
                    there[3] += b3
