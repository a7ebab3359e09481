"""What a file says about its colours: by an ICC profile, or by numbers of which one is made.

The numbers are chromaticities, or codes of ITU-T H.273. Of a PNG's chunks cICP, iCCP, sRGB, and gAMA with cHRM, the
first that is there counts (PNG, third edition, 4.3).
"""

import struct
import zlib
from collections.abc import Mapping
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

LARGEST_PROFILE = 16_000_000
"""Bytes. No printer's profile is as large; what is inflates without end."""

SRGB_GAMMA, GAMMAS = 0.45455, (0.1, 2.5)
"""sRGB's exponent, as gAMA has it; and those that anybody's program means."""


class Stated(NamedTuple):
    """What is known of colours; all empty where they are sRGB's."""

    profile: bytes | None = None
    """An ICC profile; empty where there is one that can't be got out, or none can be made."""
    unreadable: str | None = None
    """Why they can't be converted to sRGB."""
    note: str = ""
    """What was passed over."""


def colours_of(beside: Mapping[bytes, bytes], *, grey: bool) -> Stated:
    """From a PNG's chunks, by kind."""
    coding = beside.get(b"cICP", b"")
    if len(coding) == 4:
        primaries, transfer, matrix, full_range = coding
        if matrix or not full_range:
            return Stated(unreadable=f"its colours are coded as {'-'.join(map(str, coding))} (cICP), not as RGB")
        return coded_colours(primaries, transfer)
    if b"iCCP" in beside:
        return Stated(_inflated(beside[b"iCCP"]))
    return Stated() if b"sRGB" in beside else _measured(beside.get(b"gAMA", b""), beside.get(b"cHRM", b""), grey=grey)


def _inflated(content: bytes) -> bytes:
    _, _, rest = content.partition(b"\0")
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(rest[1:], LARGEST_PROFILE)
    except zlib.error:
        return b""
    return profile if inflate.eof else b""


def _measured(gamma: bytes, chromaticities: bytes, *, grey: bool) -> Stated:
    """By the exponent in gAMA, and the chromaticities in cHRM: of white, red, green and blue."""
    exponent, note = None, ""
    if len(gamma) == 4 and (value := struct.unpack(">I", gamma)[0] / 1e5):
        if not GAMMAS[0] <= value <= GAMMAS[1]:
            note = f"its gamma, {value:g}, is no photo's: taken for sRGB"
        elif abs(value - SRGB_GAMMA) > NEAR:
            exponent = 1 / value
    if grey:
        return Stated(None if exponent is None else bytes(imagecodecs.cms_profile("gray", gamma=exponent)), note=note)
    white, primaries = D65, BT709
    if len(chromaticities) == 32:
        values = [value / 1e5 for value in struct.unpack(">8I", chromaticities)]
        if all(0 < value < 1 for value in values):
            xw, yw, xr, yr, xg, yg, xb, yb = values
            white, primaries = (xw, yw), (xr, yr, xg, yg, xb, yb)
    return Stated(profile_of(primaries, white, exponent), note=note)


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
