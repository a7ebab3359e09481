"""Bad and awkward masks: each is an error that says what to do, or is put right and said."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipeline.cli.main import main
from pipeline.dataset.inputs import InputError, Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import MaskRules, Pair
from pipeline.images.masks.classes import read_classes
from pipeline.images.masks.mask import Mask
from pipeline.images.masks.reading import read_mask
from stages.segment.labels import PALETTE, Colour
from tests.pipeline.images.mask_cases import BLACK, BLUE, CONTENT, ERRORS, GOOD, GREEN, ONLY, RED, REMEDIES, STYLE
from tests.pipeline.images.mask_files import (
    Write,
    bands,
    blurred,
    indexed,
    png,
)


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
