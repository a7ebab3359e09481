"""A table in the order in which other programs' files have it: red runs fastest, then green, then blue."""

import numpy as np
from numpy.typing import NDArray

from stages.look.table import Table, apply_table, identity

LEVEL = 8
"""Of the HaldCLUT: a lattice of 64 points in a picture of 512 x 512."""


def cube_rows(table: Table) -> NDArray[np.float32]:
    """(N^3, 3): the lines of a .cube file."""
    return np.ascontiguousarray(table.transpose(2, 1, 0, 3)).reshape(-1, 3)


def hald_picture(table: Table, level: int = LEVEL) -> NDArray[np.float32]:
    """(level^3, level^3, 3) in [0, 1]: a HaldCLUT, whose lattice has level^2 points along an edge."""
    finer = apply_table(table, identity(level**2))
    return cube_rows(finer).reshape(level**3, level**3, 3)
