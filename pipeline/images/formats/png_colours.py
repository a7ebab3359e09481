"""What a PNG says about its colours: by an ICC profile, or by numbers of which one is made.

Of cICP, iCCP, sRGB, and gAMA with cHRM, the first that is there counts (PNG, third edition, 4.3).
"""

import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt

LARGEST_PROFILE = 16_000_000
"""Bytes. No printer's profile is as large; what is inflates without end."""

SRGB_GAMMA, GAMMAS = 0.45455, (0.1, 2.5)
"""sRGB's exponent, as gAMA has it; and those that anybody's program means."""
BT709, P3, BT2020 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06), (
    0.708, 0.292, 0.17, 0.797, 0.131, 0.046,
)  # fmt: skip
D65 = (0.3127, 0.329)
NEAR = 0.01
"""Numbers this near to sRGB's are meant to be sRGB's."""

UNKNOWN = 2
PRIMARIES = {1: BT709, UNKNOWN: BT709, 9: BT2020, 12: P3}
"""By their number in cICP (ITU-T H.273, table 2): red, green and blue, x and y of each."""
LIKE_SRGB = {1, UNKNOWN, 6, 13, 14, 15}
"""Transfer functions (table 3) of sRGB, and of television, whose pictures screens show as sRGB's."""
EXPONENTS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Those that are powers."""


class Said(NamedTuple):
    """What is known of the colours; all empty where they are sRGB's."""

    profile: bytes | None = None
    """An ICC profile; empty where there is one that can't be got out of its chunk."""
    unreadable: str | None = None
    """Why they can't be converted to sRGB."""
    note: str = ""
    """What was passed over."""


def colours_of(beside: Mapping[bytes, bytes], *, grey: bool) -> Said:
    """From a PNG's chunks, by kind."""
    coding = beside.get(b"cICP", b"")
    if len(coding) == 4:
        return _coded(coding)
    if b"iCCP" in beside:
        return Said(_inflated(beside[b"iCCP"]))
    return Said() if b"sRGB" in beside else _measured(beside.get(b"gAMA", b""), beside.get(b"cHRM", b""), grey=grey)


def _inflated(content: bytes) -> bytes:
    _, _, rest = content.partition(b"\0")
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(rest[1:], LARGEST_PROFILE)
    except zlib.error:
        return b""
    return profile if inflate.eof else b""


def _coded(coding: bytes) -> Said:
    """By cICP's numbers of primaries, transfer function, matrix and range."""
    primaries, transfer, matrix, full_range = coding
    known = primaries in PRIMARIES and (transfer in LIKE_SRGB or transfer in EXPONENTS)
    if not known or matrix or not full_range:
        return Said(unreadable=f"its colours are coded as {'-'.join(map(str, coding))} (cICP)")
    return Said(_profile(EXPONENTS.get(transfer), PRIMARIES[primaries], D65))


def _measured(gamma: bytes, primaries: bytes, *, grey: bool) -> Said:
    """By the exponent in gAMA, and the chromaticities in cHRM: of white, red, green and blue."""
    exponent, note = None, ""
    if len(gamma) == 4 and (value := struct.unpack(">I", gamma)[0] / 1e5):
        if not GAMMAS[0] <= value <= GAMMAS[1]:
            note = f"its gamma, {value:g}, is no photo's: taken for sRGB"
        elif abs(value - SRGB_GAMMA) > NEAR:
            exponent = 1 / value
    white, colours = D65, BT709
    if len(primaries) == 32 and not grey:
        values = tuple(value / 1e5 for value in struct.unpack(">8I", primaries))
        if all(0 < value < 1 for value in values):
            white, colours = (values[0], values[1]), values[2:]
    if grey:
        return Said(None if exponent is None else bytes(imagecodecs.cms_profile("gray", gamma=exponent)), note=note)
    return Said(_profile(exponent, colours, white), note=note)


def _profile(exponent: float | None, primaries: tuple[float, ...], white: tuple[float, float]) -> bytes | None:
    """None where it would be sRGB's; empty where there can be none. exponent: None is sRGB's curve."""
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
