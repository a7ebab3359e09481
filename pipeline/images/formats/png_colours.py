"""What a PNG says about its colours: by an ICC profile, or by numbers of which one is made.

Of cICP, iCCP, sRGB, and gAMA with cHRM, the first that is there counts (PNG, third edition, 4.3).
"""

import struct
import zlib
from collections.abc import Mapping

import imagecodecs

from pipeline.images.formats.numbered_colours import BT709, D65, NEAR, Stated, coded_colours, profile_of

LARGEST_PROFILE = 16_000_000
"""Bytes. No printer's profile is as large; what is inflates without end."""

SRGB_GAMMA, GAMMAS = 0.45455, (0.1, 2.5)
"""sRGB's exponent, as gAMA has it; and those that anybody's program means."""


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
