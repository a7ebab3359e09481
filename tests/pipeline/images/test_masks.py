"""Bad and awkward masks: each is an error that says what to do, or is put right and said."""

from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipeline.cli.main import main
from pipeline.dataset.inputs import InputError, Inputs, load_inputs
from pipeline.dataset.pairs import MaskRules, Pair
from pipeline.images.masks.classes import read_classes
from pipeline.images.masks.reading import Mask, read_mask
from stages.segment.labels import PALETTE, Colour
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


def load(folder: Path, content: Write, style: Write, rules: MaskRules | None = None) -> Inputs:
    """A pair of photos with these masks; the photos have the masks' size where that is one of theirs times a number."""
    masks = content(folder / "content_mask"), style(folder / "style_mask")
    rng = np.random.default_rng(3)
    photos = []
    for name, shape, mask in zip(("content", "style"), (CONTENT, STYLE), masks, strict=True):
        enlarged = 4 if mask.suffix == ".png" and mask.stat().st_size and _width(mask) == 4 * shape[1] else 1
        values = rng.integers(0, 60, (shape[0] * enlarged, shape[1] * enlarged, 3))
        values[: len(values) // 2] += 150  # as bright above as red is in the content's mask
        photos.append(png(values.astype(np.uint8))(folder / name))
    pair = Pair("sea", *photos, *masks)
    return load_inputs(pair if rules is None else pair._replace(mask_rules=rules), 700)


def _width(mask: Path) -> int:
    try:
        with Image.open(mask) as image:
            return image.width
    except OSError:
        return 0


@pytest.mark.parametrize("name", REMEDIES)
def test_what_can_be_put_right_is_and_is_said(tmp_path: Path, name: str) -> None:
    case = REMEDIES[name]
    inputs = load(tmp_path, case.content, case.style)
    assert inputs.notes == case.notes
    assert inputs.regions.count == case.count
    assert set(np.unique(inputs.regions.content)) == set(range(case.count))
    assert set(np.unique(inputs.regions.style)) >= set(range(case.count))


@pytest.mark.parametrize("name", REMEDIES)
def test_strict_makes_an_error_of_each_remedy(tmp_path: Path, name: str) -> None:
    case = REMEDIES[name]
    if not case.notes:
        assert load(tmp_path, case.content, case.style, MaskRules(strict=True)).notes == ()
        return
    with pytest.raises(InputError) as error:
        load(tmp_path, case.content, case.style, MaskRules(strict=True))
    assert str(error.value).splitlines() == [f"{tmp_path}: strict: {note}" for note in case.notes]


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_is_an_error_that_says_what_to_do(tmp_path: Path, name: str) -> None:
    content, style, message = ERRORS[name]
    with pytest.raises(InputError) as error:
        load(tmp_path, content, style)
    assert str(error.value) == message.format(folder=tmp_path, ONLY=ONLY)


def test_the_table_is_long_enough() -> None:
    assert len(REMEDIES) + len(ERRORS) >= 25


def test_smooth_edges_go_to_either_side(tmp_path: Path) -> None:
    regions = load(tmp_path, REMEDIES["smooth edges"].content, GOOD).regions
    assert np.abs(regions.content[:, 0].astype(int) - (np.arange(80) >= 40)).sum() <= 1


def test_a_palette_of_ones_own(tmp_path: Path) -> None:
    orange = (255, 165, 0)
    rules = MaskRules({"sky": BLUE, "sand": orange})
    inputs = load(tmp_path, png(bands(CONTENT, BLUE, orange)), png(bands(STYLE, BLUE, orange)), rules)
    assert inputs.notes == ()
    assert inputs.classes == ("content_mask.png: sky 50.0%, sand 50.0%", "style_mask.png: sky 50.0%, sand 50.0%")
    with pytest.raises(InputError, match="repaint it in one of sky, sand, or add that colour to the palette"):
        load(tmp_path, png(bands(CONTENT, BLUE, GREEN)), GOOD, rules)


ORDERS = st.tuples(st.permutations(range(5)), st.permutations(range(5)), st.integers(0, 2**31))


@settings(max_examples=40)
@given(ORDERS, st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=3, max_size=3), st.booleans())
def test_palettes_are_matched_by_colour_whatever_their_orders(
    tmp_path_factory: pytest.TempPathFactory,
    orders: tuple[list[int], list[int], int],
    colours: list[Colour],
    off: bool,
) -> None:
    assume(all(np.abs(np.subtract(one, other)).max() > 60 for one, other in combinations(colours, 2)))
    rng, folder = np.random.default_rng(orders[2]), tmp_path_factory.getbasetemp() / "palettes"
    folder.mkdir(exist_ok=True)
    masks = []
    for name, order, shape, times in (("content", orders[0], CONTENT, 1), ("style", orders[1], STYLE, off)):
        palette = [tuple(map(int, rng.integers(0, 256, 3))) for _ in range(5)]
        for place, colour in zip(order, colours, strict=False):
            shift = rng.integers(-7, 8, 3) * times * (name == "style")
            palette[place] = tuple(np.clip(np.array(colour) + shift, 0, 255).tolist())
        path = indexed(bands(shape, *order[:3]), *palette)(folder / name)
        masks.append((path.name, read_mask(path)))
    read = read_classes(*masks, PALETTE)
    tops = [(int(labels[0, 0]), int(labels[len(labels) // 2, 0]), int(labels[-1, 0])) for labels in read[:2]]
    assert len(set(tops[0])) == 3
    assert tops[0] == tops[1]


def test_names_that_mean_something_find_the_counterpart(tmp_path: Path) -> None:
    rules = MaskRules({"sky": BLUE, "ground": GREEN, "vegetation": RED})
    inputs = load(tmp_path, png(bands(CONTENT, BLUE, RED, GREEN, GREEN)), GOOD, rules)
    assert inputs.notes == (
        "content_mask.png: vegetation: 25.0% of the content, none of the style: "
        "takes its look from ground, by its name",
    )


@given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.integers(1, 4))
def test_a_mask_enlarged_by_a_whole_factor_repeats_its_pixels(numbers: np.ndarray, factor: int) -> None:
    mask = Mask(None, numbers)
    enlarged = mask.resampled((mask.shape[0] * factor, mask.shape[1] * factor))
    np.testing.assert_array_equal(enlarged.numbers, numbers.repeat(factor, 0).repeat(factor, 1))
    np.testing.assert_array_equal(enlarged.resampled(mask.shape).numbers, numbers)


def test_the_command_line_reads_masks_by_the_datasets_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orange = (255, 165, 0)
    root = tmp_path / "trip"
    (root / "beach").mkdir(parents=True)
    load(root / "beach", png(blurred(bands(CONTENT, BLACK, GREEN))), png(bands(STYLE, BLACK, GREEN)))
    results = ["--results", str(tmp_path / "out")]
    assert main(["status", str(root), *results]) == 0
    assert main(["status", str(root), *results, "--strict"]) == 1
    assert "strict: content_mask.png: 7.5% of its pixels" in capsys.readouterr().out
    (root / "photostyle.toml").write_text(f"[palette]\nsky = [0, 0, 0]\nsand = {list(orange)}\n")
    assert main(["status", str(root), *results]) == 1
    assert "nearest, sky: repaint it in one of sky, sand" in capsys.readouterr().out
