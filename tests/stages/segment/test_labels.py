import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stages.segment import PALETTE, read_labels

NAMES = list(PALETTE)
COLOURS = np.array(list(PALETTE.values()), np.uint8)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True), st.integers(0, 99))
def test_exact_colours_are_read_back(classes, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, size=(7, 9)).astype(np.uint8)
    np.testing.assert_array_equal(read_labels(COLOURS[labels]), labels)


def test_an_anti_aliased_edge_makes_no_grey_region():
    labels = np.full((40, 60), NAMES.index("black"), np.uint8)
    labels[:, 30:] = NAMES.index("white")
    drawn = (
        Image.fromarray(COLOURS[labels])
        .resize((45, 30), Image.Resampling.BILINEAR)
        .rotate(20, Image.Resampling.BICUBIC)
    )
    found = read_labels(np.asarray(drawn))
    assert set(np.unique(found)) == {NAMES.index("black"), NAMES.index("white")}


def test_painted_grey_is_a_region():
    mask = np.zeros((20, 20, 3), np.uint8)
    mask[5:] = 128
    assert set(np.unique(read_labels(mask))) == {NAMES.index("black"), NAMES.index("grey")}


def test_a_jpeg_fringe_makes_no_region(tmp_path):
    labels = np.full((64, 64), NAMES.index("blue"), np.uint8)
    labels[20:44, 20:44] = NAMES.index("green")
    Image.fromarray(COLOURS[labels]).save(tmp_path / "mask.jpg", quality=85)
    found = read_labels(np.asarray(Image.open(tmp_path / "mask.jpg")))
    assert (found == labels).mean() > 0.97
    assert set(np.unique(found)) == {NAMES.index("blue"), NAMES.index("green")}


def test_a_photo_is_not_a_mask():
    photo = np.random.default_rng(0).integers(40, 90, (20, 20, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="only 0% of its pixels are near one of blue, green, black"):
        read_labels(photo)


@pytest.mark.parametrize(
    "mask", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32), np.zeros((5, 5, 4), np.uint8)]
)
def test_only_rgb_bytes_are_read(mask):
    with pytest.raises(ValueError, match=r"a mask is \(H, W, 3\) uint8"):
        read_labels(mask)
