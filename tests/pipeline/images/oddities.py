"""Photos as cameras, phones and editors leave them: odd ways to store the same pixels, and broken files."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tifffile
from PIL import Image, ImageCms

from tests.pipeline.images.image_files import chunk, saved

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
Change = Callable[[bytes, np.random.Generator], bytes]


class Oddity(NamedTuple):
    """A change to a file's bytes."""

    change: Change
    says: str = ""
    """What the note holds; "" where there is none. For harmful ones: the reason."""


def bytes_of(rng: np.random.Generator, most: int = 300) -> bytes:
    return rng.integers(0, 256, rng.integers(0, most), np.uint8).tobytes()


def text_of(rng: np.random.Generator) -> bytes:
    return rng.integers(65, 91, rng.integers(1, 60), np.uint8).tobytes()


# --- PNG


def chunks_of(data: bytes) -> list[bytes]:
    """Each chunk of a sound PNG, with its length and checksum."""
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append(data[at : at + 12 + length])
        at += 12 + length
    return chunks


def with_chunk(kind: bytes, content: bytes, *, where: int = 1, spoilt: bool = False) -> Change:
    """where: 1 is after the header, -1 before the end."""

    def change(data: bytes, rng: np.random.Generator) -> bytes:
        chunks = chunks_of(data)
        extra = bytearray(chunk(kind, content))
        if spoilt:
            extra[-1] ^= 1 + int(rng.integers(255))
        chunks.insert(where if where > 0 else len(chunks) + where, bytes(extra))
        return data[:8] + b"".join(chunks)

    return change


def random_chunk(data: bytes, rng: np.random.Generator) -> bytes:
    """Of a kind that touches no pixel, of any content, at either end, with a right checksum or a wrong one."""
    kinds = [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"sBIT", b"hIST", b"bKGD", b"eXIf", b"sPLT", b"oFFs", b"prVt"]
    kind = kinds[rng.integers(len(kinds))]
    where = [1, -1][rng.integers(2)]
    return with_chunk(kind, bytes_of(rng), where=where, spoilt=bool(rng.integers(2)))(data, rng)


def large_text(data: bytes, rng: np.random.Generator) -> bytes:
    return with_chunk(b"zTXt", b"history\0\0" + zlib.compress(text_of(rng) * 100_000))(data, rng)


def without_end(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: len(data) - int(rng.integers(1, 13))]


def spoilt_checksum_of_pixels(data: bytes, rng: np.random.Generator) -> bytes:
    chunks = chunks_of(data)
    at = next(at for at, one in enumerate(chunks) if one[4:8] == b"IDAT")
    spoilt = bytearray(chunks[at])
    spoilt[-1] ^= 1 + int(rng.integers(255))
    return data[:8] + b"".join([*chunks[:at], bytes(spoilt), *chunks[at + 1 :]])


def followed(data: bytes, rng: np.random.Generator) -> bytes:
    """By a film, as of phones' moving photos, or whatever."""
    return data + bytes_of(rng)


PNG = {
    "a random chunk": Oddity(random_chunk),
    "several of them": Oddity(lambda data, rng: random_chunk(random_chunk(random_chunk(data, rng), rng), rng)),
    "large text": Oddity(large_text),
    "no end": Oddity(without_end),
    "more after its end": Oddity(followed),
    "a wrong checksum of sound pixels": Oddity(spoilt_checksum_of_pixels),
    "a wrong checksum of its profile": Oddity(with_chunk(b"iCCP", b"x\0\0", spoilt=True), "taken for sRGB"),
    "a profile that is none": Oddity(with_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"none")), "is broken"),
    "gamma of another length": Oddity(with_chunk(b"gAMA", b"\0\0")),
    "a gamma of no photo": Oddity(with_chunk(b"gAMA", struct.pack(">I", 3)), "is no photo's: taken for sRGB"),
    "sRGB, in numbers": Oddity(with_chunk(b"cICP", bytes([1, 13, 0, 1]))),
    "television, in numbers": Oddity(with_chunk(b"cICP", bytes([1, 1, 0, 1]))),
    "no gamma": Oddity(with_chunk(b"gAMA", bytes(4))),
    "primaries of another length": Oddity(with_chunk(b"cHRM", b"\0" * 7)),
    "a preview of an animation": Oddity(with_chunk(b"acTL", struct.pack(">II", 5, 0)), "animated, of 5 frames"),
    "half an animation's header": Oddity(with_chunk(b"acTL", b"\0")),
}

# --- JPEG


def with_segment(data: bytes, rng: np.random.Generator) -> bytes:
    """Of an application or a comment, of any content, perhaps under a well-known name."""
    markers = [0xE1, 0xE2, 0xE3, 0xE5, 0xEB, 0xED, 0xEF, 0xFE]
    names = [b"", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0", b"Photoshop 3.0\0", b"FPXR\0"]
    content = names[rng.integers(len(names))] + bytes_of(rng)
    marker = markers[rng.integers(len(markers))]
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + data[2:]


def part_of_a_profile(data: bytes, rng: np.random.Generator) -> bytes:
    """The second of three parts, alone."""
    content = b"ICC_PROFILE\0\2\3" + bytes_of(rng)
    return data[:2] + b"\xff\xe2" + struct.pack(">H", len(content) + 2) + content + data[2:]


def padded(data: bytes, rng: np.random.Generator) -> bytes:
    return data[:2] + b"\xff" * int(rng.integers(1, 9)) + data[2:]


def profile_twice(data: bytes, rng: np.random.Generator) -> bytes:
    """In one part each time."""
    content = b"ICC_PROFILE\0\1\1" + SRGB
    return data[:2] + 2 * (b"\xff\xe2" + struct.pack(">H", len(content) + 2) + content) + data[2:]


JPEG = {
    "a profile twice": Oddity(profile_twice),
    "a segment": Oddity(with_segment),
    "several of them": Oddity(lambda data, rng: with_segment(with_segment(with_segment(data, rng), rng), rng)),
    "no end marker": Oddity(lambda data, rng: data[: len(data) - int(rng.integers(1, 3))]),
    "more after its end": Oddity(followed),
    "padded": Oddity(padded),
    "part of a profile": Oddity(part_of_a_profile, "is broken"),
}

# --- TIFF


def pages(*sizes: tuple[int, int], **options: object) -> Change:
    """More pages after the photo."""

    def change(data: bytes, rng: np.random.Generator) -> bytes:
        file = io.BytesIO()
        with tifffile.TiffWriter(file) as tiff:
            tiff.write(tifffile.imread(io.BytesIO(data)), photometric="rgb", metadata=None)
            for size in sizes:
                tiff.write(rng.integers(0, 256, (*size, 3), np.uint8), photometric="rgb", metadata=None, **options)
        return file.getvalue()

    return change


def channels(*kinds: str) -> Change:
    """More channels than colours: selections, spot colours."""

    def change(data: bytes, rng: np.random.Generator) -> bytes:
        values = tifffile.imread(io.BytesIO(data))
        file = io.BytesIO()
        extra = rng.integers(0, 256, (*values.shape[:2], len(kinds)), np.uint8)
        tifffile.imwrite(file, np.concatenate([values, extra], axis=2), photometric="rgb", extrasamples=kinds)
        return file.getvalue()

    return change


def with_tag(data: bytes, rng: np.random.Generator) -> bytes:
    """One that nobody knows, or a text of any content."""
    file = io.BytesIO()
    tag = (int(rng.integers(40000, 65000)), 1, None, bytes_of(rng) + b"\0", True)
    tifffile.imwrite(file, tifffile.imread(io.BytesIO(data)), photometric="rgb", extratags=[tag])
    return file.getvalue()


def list_of_pages_leads_nowhere(data: bytes, rng: np.random.Generator) -> bytes:
    spoilt = bytearray(data)
    (start,) = struct.unpack_from("<I", spoilt, 4)
    (count,) = struct.unpack_from("<H", spoilt, start)
    struct.pack_into("<I", spoilt, start + 2 + 12 * count, len(data) + int(rng.integers(1, 10_000)))
    return bytes(spoilt)


TIFF = {
    "a tag": Oddity(with_tag),
    "a preview": Oddity(pages((8, 9), subfiletype=1)),
    "another page": Oddity(pages((40, 48)), "holds 2 pages: the first is taken"),
    "smaller pages": Oddity(pages((20, 24), (5, 5)), "holds 3 pages: the first is taken"),
    "a list of pages that leads nowhere": Oddity(list_of_pages_leads_nowhere),
    "a selection": Oddity(channels("unspecified")),
    "selections": Oddity(channels("unspecified", "unspecified", "unspecified")),
    "more after its end": Oddity(followed),
}


def float_tiff(change: Callable[[np.ndarray, np.random.Generator], None]) -> Change:
    """The photo as floats, with some values changed."""

    def make(data: bytes, rng: np.random.Generator) -> bytes:
        values = (tifffile.imread(io.BytesIO(data)) / np.float32(255)).clip(0, 1)
        change(values, rng)
        file = io.BytesIO()
        tifffile.imwrite(file, values, photometric="rgb")
        return file.getvalue()

    return make


def put(value: float) -> Callable[[np.ndarray, np.random.Generator], None]:
    def change(values: np.ndarray, rng: np.random.Generator) -> None:
        values.flat[rng.choice(values.size, 3, replace=False)] = value

    return change


FLOATS = {
    "a hair below 0": Oddity(float_tiff(put(-1e-6)), "3 values a hair outside"),
    "a hair above 1": Oddity(float_tiff(put(1.003)), "3 values a hair outside"),
}

# --- WebP


def with_webp_chunk(data: bytes, rng: np.random.Generator) -> bytes:
    """Of metadata or of a kind that nobody knows, after the pixels; the size of the file right, or that of before."""
    kind = [b"EXIF", b"XMP ", b"ABCD"][rng.integers(3)]
    content = bytes_of(rng)
    body = data[8:] + kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    size = [len(body), len(data) - 8][rng.integers(2)]
    return b"RIFF" + struct.pack("<I", size) + body


def of_another_size(data: bytes, rng: np.random.Generator) -> bytes:
    """As its header has it."""
    return data[:4] + struct.pack("<I", int(rng.integers(2**32))) + data[8:]


def cut_metadata(data: bytes, rng: np.random.Generator) -> bytes:
    whole = data[:8] + data[8:] + b"EXIF" + struct.pack("<I", 400) + bytes(400)
    return whole[: -int(rng.integers(1, 400))]


WEBP = {
    "a chunk": Oddity(with_webp_chunk),
    "several of them": Oddity(lambda data, rng: with_webp_chunk(with_webp_chunk(data, rng), rng)),
    "of another size": Oddity(of_another_size),
    "cut metadata": Oddity(cut_metadata),
    "more after its end": Oddity(followed),
}

# --- What must be refused


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    """The last third or more is missing."""
    return data[: int(len(data) * rng.uniform(0.3, 0.66))]


def cut_and_ended(data: bytes, rng: np.random.Generator) -> bytes:
    """As by a program that closes what it was given; or as a file that was never written to its end."""
    return cut(data, rng) + [b"\xff\xd9", bytes(int(rng.integers(600, 9000)))][rng.integers(2)]


def spoilt_stream(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes among the pixels of a PNG changed."""
    spoilt = bytearray(data)
    for at in rng.integers(len(data) // 3, 2 * len(data) // 3, 20):
        spoilt[at] ^= 1 + int(rng.integers(255))
    return bytes(spoilt)


def critical_chunk(data: bytes, rng: np.random.Generator) -> bytes:
    """An iPhone's own PNG, or another that only its maker reads."""
    return with_chunk([b"CgBI", b"ABCD"][rng.integers(2)], bytes_of(rng))(data, rng)


def other_kind(data: bytes, rng: np.random.Generator) -> bytes:
    starts = [b"", b"GIF89a", b"BM", b"<html>", b"\xff\x0a", b"8BPS\0\1", b"%PDF-1.7"]
    start = starts[rng.integers(len(starts))]
    return start + bytes_of(rng) if start else b""


HARMFUL = {
    "png: cut": ("PNG", Oddity(cut, "cut off: [0-9]+% of its pixels are missing")),
    "png: spoilt": ("PNG", Oddity(spoilt_stream, "the checksums of its pixels are wrong|cut off")),
    "png: only its maker reads it": ("PNG", Oddity(critical_chunk, "of a kind of its own")),
    "png: hdr": ("PNG", Oddity(with_chunk(b"cICP", bytes([9, 16, 0, 1])), "its colours are HDR")),
    "png: a bomb": ("PNG", Oddity(lambda data, rng: bomb(rng), "more than 150 megapixels")),
    "jpeg: cut": ("JPEG", Oddity(cut, "cut off: [0-9]+% of its pixels are missing|header can't be read")),
    "jpeg: cut and ended": ("JPEG", Oddity(cut_and_ended, "cut off: [0-9]+% of its pixels are missing|can't be read")),
    "jpeg: inks": ("JPEG", Oddity(lambda data, rng: inks(), "CMYK, without a profile")),
    "tiff: cut": ("TIFF", Oddity(cut, "damaged: cut off: 1 of its 1 strips or tiles are missing")),
    "webp: cut": ("WEBP", Oddity(cut, "damaged: cut off: [0-9]+ bytes of its pixels are missing")),
    "tiff: not numbers": ("TIFF", Oddity(float_tiff(put(np.nan)), "3 values are NaN or infinite")),
    "tiff: endless": ("TIFF", Oddity(float_tiff(put(np.inf)), "3 values are NaN or infinite")),
    "tiff: out of range": ("TIFF", Oddity(float_tiff(put(7.5)), "values reach from .* to 7.5, outside")),
    "of another kind": ("PNG", Oddity(other_kind, "an empty file|of another kind")),
}
"""The format of the sound file, what is done to it, and the reason why it is refused, as a pattern."""


def bomb(rng: np.random.Generator) -> bytes:
    header = struct.pack(">IIBBBBB", int(rng.integers(15_000, 2**31)), int(rng.integers(15_000, 2**31)), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def inks() -> bytes:
    return saved(Image.new("CMYK", (48, 40)), "JPEG")
