"""A JPEG's segments: what its pixels need, kept apart from what only lies beside them (EXIF, profile, previews, ...).

The decoder sees the first only. So no comment or preview, however damaged, can refuse a photo.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

EXIF, ICC, JFIF, ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
START_OF_SCAN, END, COMMENT = 0xDA, 0xD9, 0xFE
SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers that no segment follows."""
APPLICATION = range(0xE0, 0xF0)
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of what says how large the image is; the first content is the bits of a channel."""
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}


class Jpeg(NamedTuple):
    """A JPEG taken apart."""

    pixels: bytes
    """The same JPEG up to its end marker, with nothing but its pixels and what says how their colours are coded."""
    exif: bytes | None
    xmp: bytes | None
    profile: bytes | None
    """The ICC profile; empty where parts of it are missing."""
    bits: int
    """Of a channel."""
    in_one_scan: bool
    """Whether each pixel is in one place of it, from top to bottom; if not, what is cut off is missing everywhere."""


def take_apart(data: bytes) -> Jpeg | None:
    """The segments of a JPEG; None where no pixels begin in it."""
    kept, parts = [data[:2]], list[bytes]()
    exif, xmp, bits, markers = None, None, 8, set[int]()
    for marker, segment in _segments(data):
        content = segment[4:]
        markers.add(marker)
        if marker in FRAMES and content and bits == 8:
            bits = content[0]
        if marker == 0xE1 and content.startswith(EXIF):
            exif = exif or content
        elif marker == 0xE1 and content.startswith(XMP):
            xmp = xmp or content[len(XMP) :]
        elif marker == 0xE2 and content.startswith(ICC):
            parts.append(content[len(ICC) :])
        if (marker in APPLICATION or marker == COMMENT) and not content.startswith((JFIF, ADOBE)):
            continue
        if marker == START_OF_SCAN:
            scans = segment.partition(END_OF_IMAGE)[0].rstrip(b"\xff")  # in coded pixels, no 0xFF is followed by this
            in_one_scan = SCAN not in scans[len(SCAN) :] and not PROGRESSIVE & markers
            return Jpeg(b"".join([*kept, scans]), exif, xmp, _profile(parts), bits, in_one_scan)
        kept.append(segment)
    return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker, and its segment with it; that of the first scan goes on to the end of the file."""
    at = 2
    while (at := data.find(b"\xff", at)) != -1 and at + 1 < len(data):
        marker = data[at + 1]
        if marker in (0x00, 0xFF):  # no marker, and one more byte before a marker
            at += 1
        elif marker in ALONE:
            at += 2
        elif marker == END:
            return
        elif marker == START_OF_SCAN:
            yield marker, data[at:]
            return
        elif at + 4 > len(data):
            return
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            yield marker, data[at : at + 2 + length]
            at += 2 + max(2, length)


def _profile(parts: list[bytes]) -> bytes | None:
    """The parts, each with its number and how many there are, in order."""
    if not parts:
        return None
    numbered = {part[0]: part[2:] for part in parts if len(part) > 2}
    complete = len(parts[0]) > 1 and sorted(numbered) == [*range(1, parts[0][1] + 1)] != []
    return b"".join(numbered[number] for number in sorted(numbered)) if complete else b""
