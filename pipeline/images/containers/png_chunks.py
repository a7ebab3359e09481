"""A PNG's chunks: what its pixels need, kept apart from what only lies beside them.

Text, times and previews touch no pixel, however large or damaged they are. So the decoder never sees them.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = 33
"""Signature and IHDR: other chunks may follow."""
INDEXED = 3
"""The colour type of a PNG with a palette."""
TEXT = b"iTXt"
XMP = b"XML:com.adobe.xmp\0"
"""The keyword of the text that is one; here it stands for the kind."""
CHANNELS = {0: 1, 2: 3, INDEXED: 1, 4: 2, 6: 4}
"""By colour type."""
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
"""Kinds of chunks without which no pixel can be read, and that all programs know."""


class Header(NamedTuple):
    """The IHDR chunk."""

    width: int
    height: int
    depth: int
    colour_type: int
    interlaced: bool


class Png(NamedTuple):
    """A PNG taken apart."""

    header: Header | None
    """None where it can't be read."""
    own: bytes
    """The kind of a chunk without which no pixel can be read, and that only the file's maker knows; empty for none."""
    beside: dict[bytes, bytes]
    """Chunks that the pixels don't need, by kind; of each kind the first."""
    spoilt: frozenset[bytes]
    """The kinds of those that were left out, since their checksums are wrong."""
    pixels: tuple[tuple[bytes, bytes], ...]
    """Kind and content of the chunks that they do, in the file's order."""
    whole: bool
    """Whether the file goes on to its end, and the checksums of the pixels' chunks are right."""


def take_apart(data: bytes) -> Png:
    """The chunks of a PNG."""
    chunks = list(_chunks(data))
    own = next((kind for kind, _, _ in chunks if _is_critical(kind) and kind not in CRITICAL), b"")
    header = _header(chunks[0]) if chunks else None
    needed = {b"IHDR", b"IDAT", b"tRNS"} | ({b"PLTE"} if header and header.colour_type == INDEXED else set())
    pixels: list[tuple[bytes, bytes]] = []
    beside: dict[bytes, bytes] = {}
    spoilt = set[bytes]()
    whole = bool(chunks) and chunks[-1].kind == b"IEND"
    for kind, content, intact in chunks:
        if not intact and kind == b"IDAT":
            whole = False  # the pixels have a checksum of their own
        elif not intact and (kind in needed or not _is_critical(kind)):
            spoilt.add(kind)
            continue
        if kind in needed:
            pixels.append((kind, content))
        elif kind != b"IEND":
            beside.setdefault(XMP if kind == TEXT and content.startswith(XMP) else kind, content)
    return Png(header, own, beside, frozenset(spoilt), tuple(pixels), whole)


class _Chunk(NamedTuple):
    kind: bytes
    data: bytes
    intact: bool


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """All chunks up to the end, or to where the file makes no more sense."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha():
            return
        content, checksum = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        yield _Chunk(kind, content, checksum == struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))
        if kind == b"IEND":
            return
        at += length + 12


def _is_critical(kind: bytes) -> bool:
    return not kind[0] & 0x20


def _header(chunk: _Chunk) -> Header | None:
    if chunk.kind != b"IHDR" or not chunk.intact or len(chunk.data) != 13:
        return None
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", chunk.data)
    if not width or not height or colour_type not in CHANNELS:
        return None
    return Header(width, height, depth, colour_type, interlace == 1)


def with_chunks(png: bytes, chunks: Iterable[bytes]) -> bytes:
    """A PNG with further chunks, right behind its header."""
    return png[:HEADER_BYTES] + b"".join(chunks) + png[HEADER_BYTES:]


def packed(kind: bytes, data: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
