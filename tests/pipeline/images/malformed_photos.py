"""Photos that are malformed, with what is said of each; and awkward ones that are read."""

import struct
import zlib

import numpy as np

from tests.pipeline.images.image_files import (
    PHOTO,
    RGB,
    jpeg_of_size,
    png,
    png_of_size,
    png_with,
    saved,
    tiff,
    tiff_in_a_circle,
    tiff_with,
    with_values,
)

BOMB = zlib.compress(bytes(100_000_000), 9)
ONLY = "only JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files are read: save it as one of them"
ANEW = "open it in an image editor and save it anew"
BROKEN = "damaged or not fully supported ("
DECODER = f"{BROKEN}..."
"""What follows is the decoder's word, which may change with its version."""
CROP = "crop it, or choose another photo"
TOO_LARGE = "more than 150 megapixels: make it smaller"

PHOTOS: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", f"an empty file: {ONLY}"),
    "text": (b"<html>not found</html>", f"of another kind (a web page): {ONLY}"),
    "noise": (RGB.tobytes(), f"of another kind: {ONLY}"),
    "gif": (saved(PHOTO, "GIF"), f"of another kind (GIF): {ONLY}"),
    "animated gif": (
        saved(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(9)]),
        f"of another kind (GIF): {ONLY}",
    ),
    "bmp": (saved(PHOTO, "BMP"), f"of another kind (BMP): {ONLY}"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", DECODER),
    "magic alone, png": (b"\x89PNG\r\n\x1a\n", f"damaged: its header can't be read: {ANEW}"),
    "magic alone, jpeg": (b"\xff\xd8\xff", f"damaged: its header can't be read: {ANEW}"),
    "magic alone, tiff": (b"II*\0", DECODER),
    "truncated png": (png()[:-800], f"damaged: cut off: 13% of its pixels are missing: {ANEW}"),
    "truncated jpeg": (saved(PHOTO, "JPEG")[:-300], f"damaged: cut off: 37% of its pixels are missing: {ANEW}"),
    "truncated tiff": (tiff()[:-9], f"damaged: cut off: 1 of its 1 strips or tiles are missing: {ANEW}"),
    "truncated webp": (saved(PHOTO, "WEBP")[:-9], f"damaged: cut off: 9 bytes of its pixels are missing: {ANEW}"),
    "truncated jpeg with an end": (
        saved(PHOTO, "JPEG")[:-300] + b"\xff\xd9",
        f"damaged: cut off: 37% of its pixels are missing: {ANEW}",
    ),
    "damaged png": (png()[:2000] + b"\0" * 9 + png()[2009:], f"damaged: the checksums of its pixels are wrong: {ANEW}"),
    "1x1": (png(RGB[:1, :1]), f"1x1 becomes 1x1: no edge may be under 32: {CROP}"),
    "1xN": (png(RGB[:, :1]), f"1x40 becomes 1x40: no edge may be under 32: {CROP}"),
    "20000x1": (png(np.zeros((1, 20000, 3), np.uint8)), f"20000x1 becomes 48x1: no edge may be under 32: {CROP}"),
    "no pixels": (png_of_size(0, 0), f"damaged: its header can't be read: {ANEW}"),
    "nan": (with_values(np.nan, np.nan), "2 values are NaN or infinite: give them numbers"),
    "infinity": (with_values(np.inf), "1 values are NaN or infinite: give them numbers"),
    "out of range": (with_values(-0.25, 1.5), "values reach from -0.25 to 1.5, outside [0, 1]: clip them"),
    "signed": (
        tiff(RGB.astype(np.int16)),
        "values of type int16, which may be negative, are not a photo: save it as RGB",
    ),
    "complex": (
        tiff(RGB.astype(np.complex64)),
        f"{BROKEN}values of type complex64 and shape (40, 48, 3) are not a photo): {ANEW}",
    ),
    "cmyk": (
        saved(PHOTO.convert("CMYK"), "JPEG"),
        "its colours are CMYK, without a profile that says which inks: convert it to sRGB",
    ),
    "lab": (tiff(photometric="cielab"), "its colours are CIELAB: convert it to RGB"),
    "five channels of grey": (
        tiff(np.zeros((40, 48, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
        "has 5 channels, none of which it calls a colour: save it as RGB",
    ),
    "two channels": (tiff_with(277, 2), f"{BROKEN}2 channels are not RGB): {ANEW}"),
    "a volume": (
        tiff(np.zeros((16, 48, 48, 3), np.uint8), volumetric=True, tile=(16, 16, 16)),
        "its axes are ZYXS: a photo has height, width and colour: save it as RGB",
    ),
    "wholly transparent": (png(np.zeros((40, 48, 4), np.uint8)), "wholly transparent: there is nothing to see"),
    "hdr": (png_with(b"cICP", bytes([9, 16, 0, 1])), "its colours are HDR (PQ): convert it to sRGB"),
    "huge png": (png_of_size(2**31 - 1, 2**31 - 1), f"2147483647x2147483647: {TOO_LARGE}"),
    "large png": (png_of_size(14000, 12000), f"14000x12000: {TOO_LARGE}"),
    "huge jpeg": (jpeg_of_size(65535, 65535), TOO_LARGE),
    "huge tiff": (tiff_with(257, 2**31), f"48x2147483648: {TOO_LARGE}"),
    "huge pgm": (b"P5\n65535 65535\n255\n" + bytes(99), f"65535x65535: {TOO_LARGE}"),
    "tiff of huge strips": (tiff_with(256, 50_000), DECODER),
}
"""The content's bytes, and what is said of them."""


FLAT = np.full((40, 48, 3), 200, np.uint8)
AWKWARD: dict[str, bytes] = {
    "one colour": png(FLAT),
    "black": png(FLAT * 0),
    "white": png(FLAT // 200 * 255),
    "jpeg": saved(PHOTO, "JPEG"),
    "16 bits": png(RGB.astype(np.uint16) * 257),
    "16 bits, grey": png(RGB[..., 0].astype(np.uint16) * 257),
    "1 bit": saved(PHOTO.convert("1"), "PNG"),
    "palette": saved(PHOTO.quantize(7), "PNG"),
    "grey and alpha": png(RGB[..., :2] | 1),
    "floats of 64 bits": tiff(RGB / 255),
    "big endian": tiff(byteorder=">"),
    "tiff of more than 4 GB, by its header": tiff(bigtiff=True),
    "webp": saved(PHOTO, "WEBP"),
    "linear": png_with(b"gAMA", struct.pack(">I", 100000)),
    "animated": saved(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(9)]),
    "two pages": tiff(np.stack([RGB, RGB])),
    "pages in a circle": tiff_in_a_circle(),
    "five channels": tiff(np.concatenate([RGB, RGB[..., :2]], axis=2)),
    "no profile": saved(PHOTO, "JPEG", icc_profile=b"no profile" * 30),
    "profile that inflates": png_with(b"iCCP", b"x\0\0" + BOMB),
    "text that inflates": png_with(b"zTXt", b"x\0\0" + BOMB),
    "a junk exif": saved(PHOTO, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 99),
}
"""In order, each named content.png."""
