"""A look for other programs: a .cube file (Adobe's Cube LUT 1.0), or a HaldCLUT as a 16-bit PNG."""

from collections.abc import Callable
from pathlib import Path

from pipeline.images.encoding import encode_pixels, rounded
from pipeline.looks.look_file import LookError
from stages.look.luts import cube_rows, hald_picture
from stages.look.table import Table

LONGEST_TITLE = 60
DIGITS = "%.6f"
"""As the specification has it; a level of 16 bits is 0.000015."""


def encoder_for(path: Path) -> "Encode":
    """What makes a file of the kind that its name says, of a table and a title.

    Raises:
        LookError: that is neither .cube nor .png.
    """
    encode = KINDS.get(path.suffix.lower())
    if encode is None:
        raise LookError(f"{path}: give a name ending in .cube, or in .png for a HaldCLUT")
    return encode


def encode_cube(table: Table, title: str) -> bytes:
    """Lines of the table's colours between 0 and 1, for sRGB pictures."""
    plain = "".join(one for one in title if one.isascii() and one.isprintable() and one != '"')[:LONGEST_TITLE]
    head = f'TITLE "{plain}"\nLUT_3D_SIZE {len(table)}\n'
    lines = "\n".join(" ".join(DIGITS % value for value in row) for row in cube_rows(table).tolist())
    return f"{head}{lines}\n".encode("ascii")


def encode_hald(table: Table, title: str) -> bytes:
    """A picture of 512 x 512 whose pixels are what all colours of a lattice of 64 points become."""
    return encode_pixels(rounded(hald_picture(table), 16))


Encode = Callable[[Table, str], bytes]
KINDS: dict[str, Encode] = {".cube": encode_cube, ".png": encode_hald}
"""By a name's ending."""
