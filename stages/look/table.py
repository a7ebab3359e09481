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
    _apply(np.ascontiguousarray(table), flat, white, whitest, np.float32(0 if whitest == 1 else 0.5), mapped)
    return mapped.reshape(pixels.shape)


@njit(cache=True, nogil=True, fastmath=True)
def _apply(table, pixels, white, whitest, half, mapped):  # type: ignore[no-untyped-def]
    """half: what is added before a level is cut off to an integer."""
    last = len(table) - 1
    to_lattice = np.float32(last) / white
    for p in range(len(pixels)):
        r = min(max(np.float32(pixels[p, 0]) * to_lattice, np.float32(0)), np.float32(last))
        g = min(max(np.float32(pixels[p, 1]) * to_lattice, np.float32(0)), np.float32(last))
        b = min(max(np.float32(pixels[p, 2]) * to_lattice, np.float32(0)), np.float32(last))
        i, j, k = min(int(r), last - 1), min(int(g), last - 1), min(int(b), last - 1)
        u, v, w = r - np.float32(i), g - np.float32(j), b - np.float32(k)
        # From the cell's first corner to its last, along the channels in the order of their fractions.
        i1, j1, k1, i2, j2, k2 = i, j, k, i + 1, j + 1, k + 1
        if u >= v:
            if v >= w:
                i1, k2, most, middle, least = i + 1, k, u, v, w
            elif u >= w:
                i1, j2, most, middle, least = i + 1, j, u, w, v
            else:
                k1, j2, most, middle, least = k + 1, j, w, u, v
        elif u >= w:
            j1, k2, most, middle, least = j + 1, k, v, u, w
        elif v >= w:
            j1, i2, most, middle, least = j + 1, i, v, w, u
        else:
            k1, i2, most, middle, least = k + 1, i, w, v, u
        first, second, third = np.float32(1) - most, most - middle, middle - least
        for c in range(3):
            value = (
                first * table[i, j, k, c]
                + second * table[i1, j1, k1, c]
                + third * table[i2, j2, k2, c]
                + least * table[i + 1, j + 1, k + 1, c]
            )
            mapped[p, c] = value * whitest + half
