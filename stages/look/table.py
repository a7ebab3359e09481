"""A look is a table: to each colour of a cubic lattice in sRGB the colour that it becomes.

Between the lattice's points it is interpolated over tetrahedra (Kasson, Nin, Plouffe and Hafner 1995): each cell is cut
into the six that share its grey diagonal, and a colour is a mixture of the four corners of the one that it lies in. So
greys only depend on the greys of the table. The same colour becomes the same colour, in every photo and every frame.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]
"""(N, N, N, 3) in [0, 1], sRGB: the colour that (red, green, blue) = (i, j, k) / (N - 1) becomes at [i, j, k]."""

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}
"""The largest value of each type of pixels."""
SHORT = 1e-6
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
    from stages.look import tetrahedra

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
        tetrahedra.apply_bytes(corners, size, flat, cells, places - cells.astype(np.float32), half, mapped)
    else:
        tetrahedra.apply(corners, size, flat, white, half, mapped)
    return mapped.reshape(pixels.shape)


def apply_table_beyond(table: Table, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A photo with colours outside of [0, 1], beyond sRGB.

    There the look goes on as it reached the border, point by point as in a mirror, but no steeper than 1.

    pixels: (..., 3) float32. Returns the same shape, not clipped.
    """
    within = pixels.clip(0, 1)
    mapped: NDArray[np.float32] = apply_table(table, within)
    outside = (pixels != within).any(axis=-1)
    border, at_border = within[outside], mapped[outside]
    way = pixels[outside] - border
    mapped_way = at_border - apply_table(table, border - way)
    length, mapped_length = (np.linalg.norm(each, axis=-1, keepdims=True) for each in (way, mapped_way))
    mapped_way *= np.minimum(1, length / np.maximum(mapped_length, SHORT))
    mapped[outside] = at_border + mapped_way
    return mapped


def make_ready() -> None:
    """Loads what `apply_table` computes with, which takes longer than a photo does: to be done while one is read."""
    apply_table(identity(2), np.zeros((1, 3), np.uint8), 8)
