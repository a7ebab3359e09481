"""EXIF: which way is up, which colours these are; and the block as a result keeps it."""

import struct
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import imagecodecs
from PIL import Image

ORIENTATION = 274
EXIF_IFD, COLOUR_SPACE, UNCALIBRATED = 0x8769, 0xA001, 0xFFFF
INTEROPERABILITY_IFD, INTEROPERABILITY_INDEX, ADOBE_RGB = 0xA005, 1, "R03"
GPS_IFD = 0x8825
DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""TIFF's tags for description, make, model, software, date, artist and copyright."""
MAKER_NOTE = 0x927C
WIDTH, HEIGHT = 0xA002, 0xA003
THUMBNAIL, THUMBNAIL_BYTES = 0x0201, 0x0202
SHORT, LONG = 3, 4
PREFIX = b"Exif\0\0"
"""Before the block in a JPEG, and in what other files have it from one."""
ORDERS = {b"II": "<", b"MM": ">"}


class Exif(NamedTuple):
    """What is of use in it."""

    orientation: object = 1
    profile: bytes | None = None
    """Adobe RGB's, where a camera says so as DCF 2.0 has it: without a profile."""


def read_exif(data: bytes | None) -> Exif:
    """From a file's EXIF block; one that can't be read says nothing, as in every viewer."""
    if not data:
        return Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on a damaged block
            exif = Image.Exif()
            exif.load(data)
            orientation = exif.get(ORIENTATION, 1)
            uncalibrated = exif.get_ifd(EXIF_IFD).get(COLOUR_SPACE) == UNCALIBRATED
            adobe = exif.get_ifd(INTEROPERABILITY_IFD).get(INTEROPERABILITY_INDEX) == ADOBE_RGB
    except Exception:  # Pillow has no class of its own for a damaged block
        return Exif()
    return Exif(orientation, bytes(imagecodecs.cms_profile("adobergb")) if uncalibrated and adobe else None)


def exif_of_result(block: bytes, width: int, height: int, *, srgb: bool) -> bytes | None:
    """The block for an upright picture of this size, without the old one's thumbnail; None where it is damaged.

    Nothing in it moves: a maker's notes hold offsets that only the maker knows.
    """
    made = bytearray(block.removeprefix(PREFIX))
    try:
        order = ORDERS[bytes(made[:2])]
        (first,) = struct.unpack_from(f"{order}I", made, 4)
        for at, tag in _entries(made, order, first):
            if tag == ORIENTATION:
                _set(made, order, at, SHORT, 1)
            if tag == EXIF_IFD:
                _set_shown(made, order, _value(made, order, at), width, height, srgb=srgb)
        _drop_thumbnail(made, order, first)
    except (KeyError, struct.error):
        return None
    return bytes(made)


def exif_of_tiff(data: bytes) -> bytes | None:
    """What a TIFF file's own directory says as EXIF does, as a block; None where it says nothing, or is damaged.

    Without the maker's notes, which would move.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            own, block = Image.Exif(), Image.Exif()
            own.load(data)
            block.update({tag: own[tag] for tag in DESCRIPTIVE if tag in own})
            for tag in (EXIF_IFD, GPS_IFD):
                if inner := {key: value for key, value in own.get_ifd(tag).items() if key != MAKER_NOTE}:
                    block[tag] = inner
            return block.tobytes().removeprefix(PREFIX) if block else None
    except Exception:  # as above
        return None


def _entries(block: bytes | bytearray, order: str, ifd: int) -> Iterator[tuple[int, int]]:
    """Where each entry of a directory stands, and its tag. Raises struct.error where it leads out of the block."""
    (count,) = struct.unpack_from(f"{order}H", block, ifd)
    for at in range(ifd + 2, ifd + 2 + 12 * count, 12):
        yield at, struct.unpack_from(f"{order}HHII", block, at)[0]


def _value(block: bytes | bytearray, order: str, at: int) -> int:
    _, kind, _, value = struct.unpack_from(f"{order}HHII", block, at)
    return int(struct.unpack_from(f"{order}H", block, at + 8)[0] if kind == SHORT else value)


def _set(block: bytearray, order: str, at: int, kind: int, value: int) -> None:
    struct.pack_into(f"{order}HI", block, at + 2, kind, 1)
    struct.pack_into(f"{order}HH" if kind == SHORT else f"{order}I", block, at + 8, value, *([0] * (kind == SHORT)))


def _set_shown(block: bytearray, order: str, ifd: int, width: int, height: int, *, srgb: bool) -> None:
    for at, tag in _entries(block, order, ifd):
        if tag == WIDTH:
            _set(block, order, at, LONG, width)
        elif tag == HEIGHT:
            _set(block, order, at, LONG, height)
        elif tag == COLOUR_SPACE:
            _set(block, order, at, SHORT, 1 if srgb else UNCALIBRATED)


def _drop_thumbnail(block: bytearray, order: str, first: int) -> None:
    (count,) = struct.unpack_from(f"{order}H", block, first)
    link = first + 2 + 12 * count
    (second,) = struct.unpack_from(f"{order}I", block, link)
    struct.pack_into(f"{order}I", block, link, 0)
    if not second:
        return
    found = {tag: _value(block, order, at) for at, tag in _entries(block, order, second)}
    start, length = found.get(THUMBNAIL, 0), found.get(THUMBNAIL_BYTES, 0)
    if not first < start <= len(block) - length:
        return
    if start + length == len(block):
        del block[start:]
    else:
        block[start : start + length] = bytes(length)
