"""Colours that a file describes by numbers in place of an ICC profile: chromaticities, and codes of ITU-T H.273."""

from functools import cache
from typing import NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt

White = tuple[float, float]
Primaries = tuple[float, float, float, float, float, float]
"""Chromaticities x, y of red, green and blue."""

D65: White = (0.3127, 0.329)
BT709: Primaries = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3: Primaries = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
BT2020: Primaries = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046)
NEAR = 0.01
"""Chromaticities this near to sRGB's are meant to be sRGB's."""

UNSAID = 2
PRIMARIES = {1: BT709, UNSAID: BT709, 9: BT2020, 12: P3}
"""By their code (table 2)."""
LIKE_SRGB = {1, UNSAID, 6, 13, 14, 15}
"""Codes of transfer functions (table 3): sRGB's, and television's, whose pictures screens show by the same curve."""
EXPONENTS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Those that are powers."""
HDR = {16: "PQ", 18: "HLG"}


class Stated(NamedTuple):
    """What is known of colours; all empty where they are sRGB's."""

    profile: bytes | None = None
    """An ICC profile; empty where there is one that can't be got out, or none can be made."""
    unreadable: str | None = None
    """Why they can't be converted to sRGB."""
    note: str = ""
    """What was passed over."""


def coded_colours(primaries: int, transfer: int) -> Stated:
    """By the codes of primaries and transfer function."""
    if transfer in HDR:
        return Stated(unreadable=f"its colours are HDR ({HDR[transfer]})")
    if primaries not in PRIMARIES or transfer not in LIKE_SRGB | EXPONENTS.keys():
        return Stated(unreadable=f"its colours are coded as {primaries}-{transfer} (ITU-T H.273)")
    return Stated(profile_of(PRIMARIES[primaries], D65, EXPONENTS.get(transfer)))


@cache
def profile_of(primaries: Primaries, white: White, exponent: float | None) -> bytes | None:
    """An ICC profile; None where it would be sRGB's. exponent: from values to light, or None for sRGB's curve."""
    if exponent is None and np.abs(np.subtract((*white, *primaries), (*D65, *BT709))).max() <= NEAR:
        return None
    curve = {"transferfunction": _srgb_curve()} if exponent is None else {"gamma": exponent}
    try:
        return bytes(imagecodecs.cms_profile("rgb", whitepoint=white, primaries=list(primaries), **curve))
    except (imagecodecs.CmsError, ValueError):  # no colours are between such primaries
        return b""


def _srgb_curve() -> npt.NDArray[np.uint16]:
    """sRGB's values to light (IEC 61966-2-1), as 16-bit numbers."""
    values = np.linspace(0, 1, 4096)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    levels: npt.NDArray[np.uint16] = np.rint(light * 65535).astype(np.uint16)
    return levels
