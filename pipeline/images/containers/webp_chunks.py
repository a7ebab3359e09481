"""A WebP's chunks: what its pixels need, kept apart from what only lies beside them.

The decoder sees the first only, in a file whose header is right about its size.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE, HEADER_BYTES = b"WEBP", 12
FEATURES, IMAGES, FRAME = b"VP8X", {b"VP8 ", b"VP8L"}, b"ANMF"
PIXELS = {FEATURES, b"ALPH", b"ANIM", FRAME, *IMAGES}
KEPT_FEATURES = 0x12
"""Bits of VP8X: transparency and animation. The others promise a profile, EXIF and XMP."""


class WebP(NamedTuple):
    """A WebP taken apart."""

    pixels: bytes
    """The same WebP, with nothing but its pixels."""
    profile: bytes | None
    exif: bytes | None
    xmp: bytes | None
    frames: int
    """Of an animation that are whole; 0 in a still image."""
    missing: int
    """Bytes of its pixels, where it is cut off within those that are taken."""


def take_apart(data: bytes) -> WebP | None:
    """The chunks of a WebP; None where it holds no pixels."""
    kept: list[tuple[bytes, bytes]] = []
    beside: dict[bytes, bytes] = {}
    missing = 0
    for kind, content, lacking in _chunks(data):
        if kind not in PIXELS:
            if not lacking:
                beside.setdefault(kind, content)
        elif not lacking:
            kept.append((kind, content))
        elif kind != FRAME or all(name != FRAME for name, _ in kept):  # of an animation the first is taken
            missing = lacking
    if not missing and not any(kind in IMAGES or kind == FRAME for kind, _ in kept):
        return None
    frames = sum(kind == FRAME for kind, _ in kept)
    return WebP(_packed(kept), beside.get(b"ICCP"), beside.get(b"EXIF"), beside.get(b"XMP "), frames, missing)


class _Chunk(NamedTuple):
    kind: bytes
    content: bytes
    missing: int
    """Bytes by which the file ends too early."""


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """All up to the end of the file, or to where it makes no more sense; whatever its header says of its size."""
    at = HEADER_BYTES
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if not kind.isascii() or not kind.strip().isalnum():
            return
        content = data[at + 8 : at + 8 + length]
        yield _Chunk(kind, content, length - len(content))
        at += 8 + length + length % 2


def _packed(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b""
    for kind, content in chunks:
        if kind == FEATURES and content:
            content = bytes([content[0] & KEPT_FEATURES]) + content[1:]
        body += kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(SIGNATURE) + len(body)) + SIGNATURE + body
