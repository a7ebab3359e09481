"""Pairs of masks with something awkward about them: what is put right, and what is refused."""

from typing import NamedTuple

import numpy as np

from stages.segment.labels import PALETTE
from tests.pipeline.images.mask_files import (
    Write,
    alpha,
    bands,
    bits,
    blurred,
    indexed,
    jpeg,
    one_clear,
    pgm,
    png,
    raw,
    stroke,
    tiff,
)

BLUE, GREEN, RED, BLACK, WHITE, GREY = (PALETTE[name] for name in ("blue", "green", "red", "black", "white", "grey"))
CONTENT, STYLE = (80, 120), (90, 60)
"""Height and width of the photos."""

NINE = ", ".join(PALETTE)
ONLY = "only JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files are read: save it as one of them"

SKY_LAND, SKY_LAND_STYLE = bands(CONTENT, BLUE, GREEN), bands(STYLE, BLUE, GREEN)
GOOD = png(SKY_LAND_STYLE)
VOC = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)]
"""The first colours of a well-known label palette, none but black of which is in ours."""


class Remedy(NamedTuple):
    """Masks that are put right."""

    content: Write
    style: Write
    count: int
    """Of regions."""
    notes: tuple[str, ...] = ()
    """All that is said."""


REMEDIES = {
    "exact colours": Remedy(png(SKY_LAND), GOOD, 2),
    "a row short": Remedy(
        png(bands((79, 120), BLUE, GREEN)), GOOD, 2, ("content_mask.png: 120x79, its photo 120x80: resampled to fit",)
    ),
    "a column too many": Remedy(
        png(bands((80, 121), BLUE, GREEN)), GOOD, 2, ("content_mask.png: 121x80, its photo 120x80: resampled to fit",)
    ),
    "smooth edges": Remedy(
        png(blurred(SKY_LAND)), GOOD, 2,
        ("content_mask.png: 7.5% of its pixels are between the palette's colours, "
         "by 73 of 255 levels on average, 109 at most: taken for the nearest",),
    ),
    "smooth edges from black to white make no grey": Remedy(
        png(blurred(bands(CONTENT, BLACK, WHITE))), png(bands(STYLE, BLACK, WHITE)), 2,
        ("content_mask.png: 7.5% of its pixels are between the palette's colours, "
         "by 36 of 255 levels on average, 55 at most: taken for the nearest",),
    ),
    "JPEG": Remedy(
        jpeg(bands(CONTENT, BLUE, RED, GREEN)), png(bands(STYLE, BLUE, RED, GREEN)), 3,
        ("content_mask.jpg: 100.0% of its pixels are off the palette, for JPEG and lossy WebP keep no exact "
         "colours (save masks as PNG), by 7 of 255 levels on average, 110 at most: taken for the nearest",),
    ),
    "two levels off, as by a colour profile": Remedy(
        png(bands(CONTENT, (0, 2, 253), GREEN)), GOOD, 2
    ),
    "a class that the style lacks": Remedy(
        png(bands(CONTENT, BLUE, RED, GREEN, GREEN)), GOOD, 2,
        ("content_mask.png: red: 25.0% of the content, none of the style: takes its look from blue, most alike",),
    ),
    "a class that the content lacks": Remedy(
        png(SKY_LAND), png(bands(STYLE, BLUE, RED, GREEN)), 2, ("style_mask.png: red: 33.3% of the style left out",)
    ),
    "one that either lacks: one serves the other": Remedy(
        png(bands(CONTENT, BLUE, RED, GREEN, GREEN)), png(bands(STYLE, BLUE, WHITE, GREEN, GREEN)), 3,
        ("content_mask.png: red: 25.0% of the content, none of the style: takes its look from white, most alike",),
    ),
    "a class with next to nothing in the style": Remedy(
        png(bands(CONTENT, BLUE, RED, GREEN, GREEN)), png(stroke(SKY_LAND_STYLE, slice(0, 1), slice(0, 4), RED)), 2,
        ("content_mask.png: red: 25.0% of the content, 0.07% of the style: takes its look from blue, most alike",
         "style_mask.png: red: 0.07% of the style left out"),
    ),
    "a class as thin as a wire in the style": Remedy(
        png(bands((320, 480), BLUE, RED, GREEN, GREEN)),
        png(stroke(bands((360, 240), BLUE, GREEN), slice(30, 31), slice(0, 240), RED)), 2,
        ("content_mask.png: red: 25.0% of the content, 0.3% of the style: takes its look from blue, most alike",
         "style_mask.png: red: 0.3% of the style left out"),
    ),
    "a speck in the content": Remedy(
        png(stroke(SKY_LAND, slice(3, 5), slice(3, 6), RED)), png(bands(STYLE, BLUE, GREEN, RED)), 2,
        ("content_mask.png: red: 0.06% of the content merged into what is nearest",
         "style_mask.png: red: 33.3% of the style left out"),
    ),
    "a speck that the style lacks": Remedy(
        png(stroke(SKY_LAND, slice(3, 5), slice(3, 6), RED)), GOOD, 2,
        ("content_mask.png: red: 0.06% of the content merged into what is nearest",),
    ),
    "all of one colour": Remedy(
        png(bands(CONTENT, BLUE)), GOOD, 1, ("style_mask.png: green: 50.0% of the style left out",)
    ),
    "class numbers in one channel": Remedy(png(bands(CONTENT, 0, 7)), png(bands(STYLE, 7, 0)), 2),
    "class numbers of 16 bits": Remedy(
        png(bands(CONTENT, 26001, 300, dtype=np.uint16)), png(bands(STYLE, 300, 26001, dtype=np.uint16)), 2
    ),
    "class numbers of 32 bits, TIFF": Remedy(
        tiff(bands(CONTENT, 70000, 3, dtype=np.uint32)), tiff(bands(STYLE, 3, 70000, dtype=np.uint32)), 2
    ),
    "class numbers as floats, as arrays are saved": Remedy(
        tiff(bands(CONTENT, 7, 3, dtype=np.float32)), tiff(bands(STYLE, 3, 7, dtype=np.float64)), 2
    ),
    "class numbers, PGM": Remedy(pgm(bands(CONTENT, 3, 117)), pgm(bands(STYLE, 117, 3)), 2),
    "class numbers saved as RGB": Remedy(
        png(bands(CONTENT, (0, 0, 0), (1, 1, 1))), png(bands(STYLE, (1, 1, 1), (0, 0, 0))), 2
    ),
    "class numbers with 255 for what is of none": Remedy(
        png(bands(CONTENT, 0, 1, 2, 255)), png(bands(STYLE, 2, 1, 0)), 3,
        ("content_mask.png: class 255: 25.0% of the content, none of the style: "
         "takes its look from class 0, most alike",),
    ),
    "class numbers resized with smooth edges": Remedy(
        png(blurred(bands(CONTENT, 10, 90))), png(bands(STYLE, 10, 90)), 2,
        ("content_mask.png: class 21, class 33, class 44, class 56 and 2 more: 7.5% of the content "
         "merged into what is nearest",),
    ),
    "class numbers near one grey of the palette": Remedy(
        png(bands(CONTENT, 126, 130, 128)), png(bands(STYLE, 128, 126, 130)), 3
    ),
    "class numbers near white, one of them in the content only": Remedy(
        png(bands(CONTENT, 252, 250, 255)), png(bands(STYLE, 255, 252)), 2,
        ("content_mask.png: class 250: 33.8% of the content, none of the style: "
         "takes its look from class 252, most alike",),
    ),
    "painted in grey by a program that knows no pure white": Remedy(
        png(bands(CONTENT, 0, 254, 255, 251)), png(bands(STYLE, 253, 0)), 2
    ),
    "painted in grey": Remedy(png(bands(CONTENT, 0, 128, 255)), png(bands(STYLE, 255, 128, 0)), 3),
    "painted in grey, the other in colours": Remedy(
        png(bands(CONTENT, 0, 128, 255)), png(bands(STYLE, WHITE, GREY, BLACK)), 3
    ),
    "a palette with our colours": Remedy(
        indexed(bands(CONTENT, 0, 1), BLUE, GREEN), indexed(bands(STYLE, 0, 1), GREEN, BLUE), 2
    ),
    "palettes with colours of their own": Remedy(
        indexed(bands(CONTENT, 1, 2), *VOC), indexed(bands(STYLE, 2, 1), *VOC), 2
    ),
    "transparency all opaque": Remedy(png(alpha(SKY_LAND, np.full(CONTENT, 255))), GOOD, 2),
    "colours of 16 bits": Remedy(png(SKY_LAND.astype(np.uint16) * 257), GOOD, 2),
    "colours as floats": Remedy(tiff((SKY_LAND / 255).astype(np.float32), photometric="rgb"), GOOD, 2),
    "greys of 16 bits, the other in colours": Remedy(
        png(bands(CONTENT, 0, 65535, dtype=np.uint16)), png(bands(STYLE, WHITE, BLACK)), 2
    ),
    "greys of one bit": Remedy(bits(bands(CONTENT, 0, 1), 1), bits(bands(STYLE, 1, 0), 1), 2),
    "greys of one bit, the other of eight": Remedy(bits(bands(CONTENT, 0, 1), 1), png(bands(STYLE, 255, 0)), 2),
    "class numbers of four bits": Remedy(bits(bands(CONTENT, 1, 7), 4), bits(bands(STYLE, 7, 1), 4), 2),
    "one transparent pixel": Remedy(
        png(alpha(SKY_LAND, one_clear(CONTENT))), GOOD, 2,
        ("content_mask.png: 1 transparent pixel of 9600 taken for what is around",),
    ),
    "a palette with one transparent pixel": Remedy(
        indexed(stroke(bands(CONTENT, 0, 1), slice(9, 10), slice(9, 10), 2), BLUE, GREEN, RED, transparency=2), GOOD, 2,
        ("content_mask.png: 1 transparent pixel of 9600 taken for what is around",),
    ),
    "palettes in orders of their own": Remedy(
        indexed(bands(CONTENT, 0, 1), BLUE, GREEN), indexed(bands(STYLE, 1, 0), GREEN, BLUE), 2
    ),
    "palettes with colours and orders of their own": Remedy(
        indexed(bands(CONTENT, 1, 2), *VOC), indexed(bands(STYLE, 0, 1), VOC[1], VOC[2]), 2
    ),
    "palettes a few levels off each other, as of a quantiser": Remedy(
        indexed(bands(CONTENT, 1, 2), *VOC), indexed(bands(STYLE, 1, 0), (3, 125, 2), (126, 0, 1)), 2
    ),
    "a palette of greys that say their number": Remedy(
        indexed(bands(CONTENT, 1, 2), *((k, k, k) for k in range(4))), png(bands(STYLE, 2, 1)), 2
    ),
    "a palette without colours": Remedy(
        indexed(bands(CONTENT, 1, 2), *[(0, 0, 0)] * 4), indexed(bands(STYLE, 2, 1), *[(0, 0, 0)] * 4), 2
    ),
    "the authors' own yellow and black": Remedy(
        png(stroke(bands(CONTENT, BLUE, (255, 255, 17)), slice(0, 6), slice(0, 9), (16, 16, 17))),
        png(bands(STYLE, BLUE, (255, 255, 0), BLACK)), 3,
        ("content_mask.png: 0.6% of it is taken for black, by up to 17 of 255 levels; "
         "50.0% of it is taken for yellow, by up to 17 of 255 levels",),
    ),
    "half transparent": Remedy(png(alpha(SKY_LAND, np.full(CONTENT, 120))), GOOD, 2),
}  # fmt: skip

HALF_CLEAR = np.where(np.arange(80)[:, None] < 40, 0, 255) * np.ones((1, 120), int)

ERRORS: dict[str, tuple[Write, Write, str]] = {
    "two rows short": (
        png(bands((78, 120), BLUE, GREEN)), GOOD,
        "{folder}/content_mask.png: is 120x78, its photo 120x80: save the mask at the photo's size",
    ),
    "half the size": (
        png(bands((40, 60), BLUE, GREEN)), GOOD,
        "{folder}/content_mask.png: is 60x40, its photo 120x80: save the mask at the photo's size",
    ),
    "on its side": (
        png(bands((120, 80), BLUE, GREEN)), GOOD, "{folder}/content_mask.png: is 80x120, its photo 120x80: turn it",
    ),
    "a colour that the palette lacks": (
        png(bands(CONTENT, BLUE, (255, 165, 0))), GOOD,
        "{folder}: content_mask.png: 50.0% of it is painted in 255 165 0, 90 levels from the palette's nearest, "
        f"yellow: repaint it in one of {NINE}, or add that colour to the palette",
    ),
    "a photo for a mask": (
        png(np.random.default_rng(0).integers(40, 90, (*CONTENT, 3), np.uint8)), GOOD,
        "{folder}: content_mask.png: not painted in the palette's colours: 100% of its pixels are near none of "
        f"{NINE}",
    ),
    "nothing in common": (
        png(bands(CONTENT, RED, WHITE)), GOOD,
        "{folder}: the masks have no class in common: the content's holds white, red, the style's blue, green. "
        "Paint what belongs together in the same colour, or remove both masks",
    ),
    "numbers for one and colours for the other": (
        png(bands(CONTENT, 3, 7, dtype=np.uint16)), GOOD,
        "{folder}: content_mask.png holds class numbers (3, 7), the other mask colours: make both of a kind",
    ),
    "small numbers for one and colours for the other": (
        png(bands(CONTENT, 60, 70)), GOOD,
        "{folder}: content_mask.png holds class numbers (60, 70), the other mask colours: make both of a kind",
    ),
    "class numbers from 0 for one and colours with black for the other": (
        png(bands(CONTENT, 0, 1, 2)), png(bands(STYLE, BLUE, BLACK, GREEN)),
        "{folder}: content_mask.png holds class numbers (0, 1, 2), the other mask colours: make both of a kind",
    ),
    "class numbers for one and greys for the other": (
        png(bands(CONTENT, 0, 1, 2)), png(bands(STYLE, 0, 128, 255)),
        "{folder}: content_mask.png holds class numbers (0, 1, 2), style_mask.png is painted in black, grey or white "
        "(0, 128, 255): make both of a kind",
    ),
    "class numbers for one and a palette for the other": (
        png(bands(CONTENT, 1, 2)), indexed(bands(STYLE, 1, 2), *VOC),
        "{folder}: content_mask.png holds class numbers (1, 2), the other mask colours: make both of a kind",
    ),
    "class numbers of four bits and of eight": (
        bits(bands(CONTENT, 1, 7), 4), png(bands(STYLE, 7, 1)),
        "{folder}: the masks' class numbers are of different depth in bits (content_mask.png 4 and style_mask.png 8): "
        "save both at 8 bits",
    ),
    "palettes with nothing in common": (
        indexed(bands(CONTENT, 1, 2), *VOC), indexed(bands(STYLE, 1, 0), (250, 120, 0), (0, 90, 200)),
        "{folder}: the masks have no class in common: the content's holds colour 0 128 0, colour 128 0 0, the style's "
        "colour 0 90 200, colour 250 120 0. Paint what belongs together in the same colour, or remove both masks",
    ),
    "palettes too near each other": (
        indexed(bands(CONTENT, 0, 1), (100, 60, 20), (120, 60, 20)),
        indexed(bands(STYLE, 0, 1), (110, 60, 20), (0, 90, 200)),
        "{folder}: style_mask.png: its 110 60 20 could be 100 60 20 or 120 60 20 of the other mask: "
        "paint what belongs together in exactly one colour",
    ),
    "half of it transparent": (
        png(alpha(SKY_LAND, HALF_CLEAR)), GOOD,
        "{folder}/content_mask.png: 50.0% of it, 4800 pixels, is transparent, of no class: paint every pixel",
    ),
    "more numbers than a label map has": (
        png(np.arange(80 * 120, dtype=np.uint16).reshape(CONTENT)), png(bands(STYLE, 3, 7, dtype=np.uint16)),
        "{folder}: content_mask.png: 9600 class numbers in the two masks, 255 at most: was it resized or compressed? "
        "Save label maps as PNG, resized to the nearest pixel",
    ),
    "numbers below 0": (
        tiff(bands(CONTENT, -1, 4, dtype=np.int16)), GOOD,
        "{folder}/content_mask.tif: holds -1: class numbers start at 0: save it with other numbers",
    ),
    "broken numbers": (
        tiff(bands(CONTENT, 0, 1.5, dtype=np.float32)), GOOD,
        "{folder}/content_mask.tif: class numbers are whole, these are float32: save it as 8- or 16-bit PNG",
    ),
    "colours that may be negative": (
        tiff(bands(CONTENT, BLUE, GREEN).astype(np.int16), photometric="rgb"), GOOD,
        "{folder}/content_mask.tif: colours of a mask reach from 0 to white, these don't: save it as 8-bit PNG",
    ),
    "empty": (raw(b""), GOOD, "{folder}/content_mask.png: an empty file: {ONLY}"),
    "another kind": (
        raw(b"GIF89a"), GOOD, "{folder}/content_mask.png: of another kind (GIF): {ONLY}",
    ),
}  # fmt: skip
