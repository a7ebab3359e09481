"""A PNG's chunks: what its pixels need, kept apart from what only lies beside them.

Text, times and previews touch no pixel, however large or damaged they are. So the decoder never sees them.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.images.raster import HEADER_UNREADABLE, MOST_MADE_UP, ImageError, cut_off

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
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row of each pass of an interlaced image, and its steps."""
UP = b"\2"
"""The filter by which a row holds its differences from the one above it."""


class Header(NamedTuple):
    """The IHDR chunk."""

    width: int
    height: int
    depth: int
    colour_type: int
    interlaced: bool


class Png(NamedTuple):
    """A PNG taken apart."""

    header: Header
    beside: dict[bytes, bytes]
    """Chunks that the pixels don't need, by kind; of each kind the first."""
    spoilt: frozenset[bytes]
    """The kinds of those that were left out, since their checksums are wrong."""
    pixels: tuple[tuple[bytes, bytes], ...]
    """Kind and content of the chunks that they do, in the file's order."""
    whole: bool
    """Whether the file goes on to its end, and the checksums of the pixels' chunks are right."""

    def bare(self) -> "Bare":
        """The same PNG, with nothing but its pixels, palette and transparency, and with right checksums.

        Raises:
            ImageError: its pixels are damaged, or more of them are missing than can be made up.
        """
        chunks, lost = (self.pixels, 0) if self.whole else self._mended()
        return Bare(SIGNATURE + b"".join(packed(kind, data) for kind, data in (*chunks, (b"IEND", b""))), lost)

    def _mended(self) -> tuple[list[tuple[bytes, bytes]], int]:
        """The chunks of one that is cut off or has wrong checksums, if the pixels' own stream is whole, or nearly so.

        A row that is missing repeats the one above it.
        """
        height, expected, inflate = self.header.height, _stream_bytes(self.header), zlib.decompressobj()
        try:
            stream = inflate.decompress(b"".join(data for kind, data in self.pixels if kind == b"IDAT"), expected)
            inflate.decompress(inflate.unconsumed_tail, 1)  # compares the stream's own checksum, if it is there
        except zlib.error as error:
            raise ImageError("damaged: the checksums of its pixels are wrong") from error
        row = expected // height
        lost = height - len(stream) // row
        if len(stream) < expected and (self.header.interlaced or lost > MOST_MADE_UP * height):
            raise cut_off(1 - len(stream) / expected)
        stream = stream[: (height - lost) * row] + (UP + bytes(row - 1)) * lost if lost else stream
        others = [(kind, data) for kind, data in self.pixels if kind != b"IDAT"]
        return [*others, (b"IDAT", zlib.compress(stream, 1))], lost * self.header.width


class Bare(NamedTuple):
    """A PNG with nothing beside its pixels."""

    data: bytes
    lost: int
    """Levels that were made up, since the file is cut off."""


def take_apart(data: bytes) -> Png:
    """The chunks of a PNG.

    Raises:
        ImageError: its header or palette is damaged, or it holds what only its maker can read.
    """
    chunks = list(_chunks(data))
    if own := [kind for kind, _, _ in chunks if not kind[0] & 0x20 and kind not in CRITICAL]:
        raise ImageError(f"of a kind of its own (PNG with {own[0].decode('ascii')}): save it as plain PNG or JPEG")
    header = _header(chunks[0]) if chunks else None
    if header is None:
        raise ImageError(HEADER_UNREADABLE)
    needed = {b"IHDR", b"IDAT", b"tRNS"} | ({b"PLTE"} if header.colour_type == INDEXED else set())
    pixels: list[tuple[bytes, bytes]] = []
    beside: dict[bytes, bytes] = {}
    spoilt = set[bytes]()
    whole = chunks[-1].kind == b"IEND"
    for kind, content, intact in chunks:
        critical = not kind[0] & 0x20
        if not intact and kind == b"IDAT":
            whole = False  # the pixels have a checksum of their own
        elif not intact and critical and kind in needed:
            raise ImageError("damaged: the checksum of its palette is wrong")
        elif not intact and not critical:
            spoilt.add(kind)
            continue
        if kind in needed:
            pixels.append((kind, content))
        elif kind != b"IEND":
            beside.setdefault(XMP if kind == TEXT and content.startswith(XMP) else kind, content)
    return Png(header, beside, frozenset(spoilt), tuple(pixels), whole)


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


def _header(chunk: _Chunk) -> Header | None:
    if chunk.kind != b"IHDR" or not chunk.intact or len(chunk.data) != 13:
        return None
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", chunk.data)
    if not width or not height or colour_type not in CHANNELS:
        return None
    return Header(width, height, depth, colour_type, interlace == 1)


def _stream_bytes(header: Header) -> int:
    """How many bytes its pixels are before they are compressed; each row has one more."""
    bits = header.depth * CHANNELS[header.colour_type]
    passes = ADAM7 if header.interlaced else ((0, 0, 1, 1),)
    sizes = (
        (-(-(header.width - left) // across), -(-(header.height - top) // down)) for left, top, across, down in passes
    )
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)


def with_chunks(png: bytes, chunks: Iterable[bytes]) -> bytes:
    """A PNG with further chunks, right behind its header."""
    return png[:HEADER_BYTES] + b"".join(chunks) + png[HEADER_BYTES:]


def packed(kind: bytes, data: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
