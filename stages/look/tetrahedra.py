"""Colours through a table, compiled: Numba takes a third of a second to load, which only those who need it wait for."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def apply(corners, size, pixels, white, half, mapped):  # type: ignore[no-untyped-def]
    """Pixels, (n, 3), through a table.

    corners: (size^3, 4), the table's colours. white: the pixels' largest value. half: what is added before a level is
    cut off to an integer. mapped: (n, 3), what they become.
    """
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
def apply_bytes(corners, size, pixels, cells, fractions, half, mapped):  # type: ignore[no-untyped-def]
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
