"""A look is a table: to each colour of a cubic lattice in sRGB the colour that it becomes.

Between the lattice's points it is interpolated over tetrahedra (Kasson, Nin, Plouffe and Hafner 1995): each cell is cut
into the six that share its grey diagonal, and a colour is a mixture of the four corners of the one that it lies in. So
greys only depend on the greys of the table. The same colour becomes the same colour, in every photo and every frame.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Table = NDArray[np.float32]
"""(N, N, N, 3) in [0, 1], sRGB: the colour that (red, green, blue) = (i, j, k) / (N - 1) becomes at [i, j, k]."""

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}
"""The largest value of each type of pixels."""
SIZE = 33
"""Points along an edge: what .cube files have, from which every program interpolates."""


def identity(size: int = SIZE) -> Table:
    """The table that changes nothing."""
    levels = np.linspace(0, 1, size)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).astype(np.float32)


def weakened(table: Table, strength: float) -> Table:
    """The look at a strength: 0 changes nothing, 1 is the look, and more exaggerates it; clipped to [0, 1]."""
    same = identity(len(table))
    weaker: Table = np.clip(same + np.float32(strength) * (table - same), 0, 1)
    return weaker


def mixed(tables: Sequence[Table], shares: Sequence[float]) -> Table:
    """Several looks of one size at once, by their shares, which are brought to sum to one.

    Raises:
        ValueError: no share is positive, or one is negative.
    """
    if min(shares) < 0 or sum(shares) <= 0:
        raise ValueError(f"shares {', '.join(map(str, shares))}: none may be negative, and one has to be positive")
    return np.average(np.stack(tables), axis=0, weights=shares).astype(np.float32)


def apply_table(table: Table, pixels: NDArray[Any], bits: int | None = None) -> NDArray[Any]:
    """A photo through a look.

    One thread computes, and lets go of Python's lock: several photos at once take several threads.

    pixels: (..., 3) sRGB, uint8 or uint16 levels, or float32, finite, which are clipped to [0, 1]. bits: 8 or 16, where
    levels of so many are wanted whatever the pixels are.
    Returns the same shape and, without `bits`, type; levels are rounded to the nearest.
    Raises KeyError for another type.
    """
    flat = np.ascontiguousarray(pixels).reshape(-1, 3)
    kind = flat.dtype if bits is None else np.dtype(f"uint{bits}")
    white, whitest = (np.float32(WHITE[each.name]) for each in (flat.dtype, kind))
    mapped = np.empty(flat.shape, kind)
    size, half = len(table), np.float32(0 if whitest == 1 else 0.5)
    corners = np.zeros((size**3, 4), np.float32)  # four in a row are read at once
    corners[:, :3] = table.reshape(-1, 3) * whitest
    if flat.dtype == np.uint8:
        places = np.arange(256, dtype=np.float32) * np.float32(size - 1) / white
        cells = np.minimum(places.astype(np.intp), size - 2)
        _apply_bytes(corners, size, flat, cells, places - cells.astype(np.float32), half, mapped)
    else:
        _apply(corners, size, flat, white, half, mapped)
    return mapped.reshape(pixels.shape)


@njit(cache=True, nogil=True, fastmath=True)
def _apply(corners, size, pixels, white, half, mapped):  # type: ignore[no-untyped-def]
    """half: what is added before a level is cut off to an integer."""
    last = size - 1
    to_lattice = np.float32(last) / white
    for p in range(len(pixels)):
        r = min(max(np.float32(pixels[p, 0]) * to_lattice, np.float32(0)), np.float32(last))
        g = min(max(np.float32(pixels[p, 1]) * to_lattice, np.float32(0)), np.float32(last))
        b = min(max(np.float32(pixels[p, 2]) * to_lattice, np.float32(0)), np.float32(last))
        i, j, k = min(int(r), last - 1), min(int(g), last - 1), min(int(b), last - 1)
        u, v, w = r - np.float32(i), g - np.float32(j), b - np.float32(k)
        _mix(corners, size, (i * size + j) * size + k, u, v, w, half, mapped, p)


@njit(cache=True, nogil=True, fastmath=True)
def _apply_bytes(corners, size, pixels, cells, fractions, half, mapped):  # type: ignore[no-untyped-def]
    """The same for 256 levels, of which the cell and the place in it are known beforehand."""
    for p in range(len(pixels)):
        r, g, b = pixels[p, 0], pixels[p, 1], pixels[p, 2]
        cell = (cells[r] * size + cells[g]) * size + cells[b]
        _mix(corners, size, cell, fractions[r], fractions[g], fractions[b], half, mapped, p)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _mix(corners, size, cell, u, v, w, half, mapped, p):  # type: ignore[no-untyped-def]
    """The colour at fractions u, v, w of a cell: from its first corner to its last, the largest fraction first."""
    red, green, blue = size * size, size, 1
    if u >= v:
        if v >= w:
            one, two, most, middle, least = red, red + green, u, v, w
        elif u >= w:
            one, two, most, middle, least = red, red + blue, u, w, v
        else:
            one, two, most, middle, least = blue, blue + red, w, u, v
    elif u >= w:
        one, two, most, middle, least = green, green + red, v, u, w
    elif v >= w:
        one, two, most, middle, least = green, green + blue, v, w, u
    else:
        one, two, most, middle, least = blue, blue + green, w, v, u
    for c in range(3):
        value = (
            (np.float32(1) - most) * corners[cell, c]
            + (most - middle) * corners[cell + one, c]
            + (middle - least) * corners[cell + two, c]
            + least * corners[cell + red + green + blue, c]
        )
        mapped[p, c] = value + half
