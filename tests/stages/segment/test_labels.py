import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stages.segment import PALETTE, read_labels
from stages.segment.labels import paints

NAMES = list(PALETTE)
COLOURS = np.array(list(PALETTE.values()), np.uint8)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True), st.integers(0, 99))
def test_exact_colours_are_read_back(classes, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, size=(7, 9)).astype(np.uint8)
    reading = read_labels(COLOURS[labels])
    np.testing.assert_array_equal(reading.labels, labels)
    assert reading[1:] == (0, 0, 0, 0, ())


def test_an_anti_aliased_edge_makes_no_grey_region():
    labels = np.full((40, 60), NAMES.index("black"), np.uint8)
    labels[:, 30:] = NAMES.index("white")
    drawn = (
        Image.fromarray(COLOURS[labels])
        .resize((45, 30), Image.Resampling.BILINEAR)
        .rotate(20, Image.Resampling.BICUBIC)
    )
    found = read_labels(np.asarray(drawn)).labels
    assert set(np.unique(found)) == {NAMES.index("black"), NAMES.index("white")}


def test_painted_grey_is_a_region():
    mask = np.zeros((20, 20, 3), np.uint8)
    mask[5:] = 128
    assert set(np.unique(read_labels(mask).labels)) == {NAMES.index("black"), NAMES.index("grey")}


def test_a_jpeg_fringe_makes_no_region(tmp_path):
    labels = np.full((64, 64), NAMES.index("blue"), np.uint8)
    labels[20:44, 20:44] = NAMES.index("green")
    Image.fromarray(COLOURS[labels]).save(tmp_path / "mask.jpg", quality=85)
    reading = read_labels(np.asarray(Image.open(tmp_path / "mask.jpg")))
    found = reading.labels
    assert (found == labels).mean() > 0.97
    assert reading.off > 0.5
    assert 0 < reading.mean_offset < 16 < reading.largest_offset
    assert set(np.unique(found)) == {NAMES.index("blue"), NAMES.index("green")}


def test_a_photo_is_not_a_mask():
    photo = np.random.default_rng(0).integers(40, 90, (20, 20, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="100% of its pixels are near none of blue, green, black"):
        read_labels(photo)


@pytest.mark.parametrize(
    "mask", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32), np.zeros((5, 5, 4), np.uint8)]
)
def test_only_rgb_bytes_are_read(mask):
    with pytest.raises(ValueError, match=r"a mask is \(H, W, 3\) uint8"):
        read_labels(mask)


def test_the_offset_of_what_is_off_the_palette_is_measured():
    mask = np.zeros((10, 10, 3), np.uint8)
    mask[0, :5], mask[1, :5] = (0, 3, 1), (9, 0, 0)
    assert read_labels(mask)[1:4] == pytest.approx((0.1, 6, 9))


def test_a_colour_that_the_palette_lacks_is_never_taken_for_another():
    mask = np.zeros((40, 40, 3), np.uint8)
    mask[:20], mask[30:34, 30:34] = (255, 255, 0), (200, 120, 0)
    with pytest.raises(ValueError, match=r"1.0% of it is painted in 200 120 0, .* nearest, red: repaint"):
        read_labels(mask)
    own = dict(PALETTE, rust=(200, 120, 0))
    assert np.count_nonzero(read_labels(mask, own).labels == len(PALETTE)) == 16


@pytest.mark.parametrize("colour", [(16, 16, 17), (255, 255, 17), (30, 30, 30), (255, 40, 20), (0, 225, 255)])
@pytest.mark.parametrize("rows", [3, 20, 39])
def test_a_colour_nearer_to_one_of_the_palette_by_a_wide_margin_is_that_one(colour, rows):
    mask = np.full((40, 40, 3), 255, np.uint8)
    mask[:rows] = colour
    nearest = int(np.abs(COLOURS.astype(int) - colour).max(axis=1).argmin())
    reading = read_labels(mask)
    assert set(reading.labels[:rows].ravel()) == {nearest}
    assert len(reading.taken) == 1


@pytest.mark.parametrize("colour", [(60, 60, 60), (0, 128, 0), (0, 0, 128), (255, 165, 0), (190, 190, 190), (80, 0, 0)])
def test_a_colour_between_two_of_the_palette_is_refused(colour):
    mask = np.full((40, 40, 3), 255, np.uint8)
    mask[:20] = colour
    with pytest.raises(ValueError, match=f"50.0% of it is painted in {' '.join(map(str, colour))}, .* repaint it"):
        read_labels(mask)


def test_shades_of_one_paint_are_one():
    mask = np.full((60, 40, 3), (255, 255, 0), np.uint8)
    mask[:40, :, 2] = np.linspace(0, 40, 10).astype(np.uint8).repeat(4)[:, None]
    reading = read_labels(mask)
    assert set(reading.labels.ravel()) == {NAMES.index("yellow")}
    assert reading.taken == ("40.0% of it is taken for yellow, by up to 40 of 255 levels",)


def test_two_paints_that_could_only_be_one_colour_are_refused():
    mask = np.full((40, 40, 3), (255, 0, 0), np.uint8)
    mask[:20] = (205, 0, 0)
    with pytest.raises(ValueError, match="painted in 205 0 0 and in 255 0 0, which both could be red: repaint one"):
        read_labels(mask)


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=5, unique=True))
def test_paints_are_the_colours_of_flat_areas(colours):
    mask = np.array(colours, np.uint8).repeat(4, axis=0)[None].repeat(6, axis=0)
    mask[0, 0] = 77  # a speck
    assert paints(mask) == set(colours)
