"""The demo dataset keeps what data/README.md promises."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from stages.segment.labels import PALETTE, read_labels

DATA = Path(__file__).parents[2] / "data"
PAIRS = sorted(path for path in (DATA / "demo").iterdir() if path.is_dir())
SIDES = ("content", "style")
LEAST_SHARE = 0.03  # of the photo: below this a region is too small to have a look


def mask_of(pair: Path, side: str) -> np.ndarray:
    with Image.open(pair / f"{side}_mask.png") as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def shares(labels: np.ndarray) -> dict[int, float]:
    names, counts = np.unique(labels, return_counts=True)
    return dict(zip(names.tolist(), (counts / labels.size).tolist(), strict=True))


def test_there_are_at_least_four_pairs_and_they_are_small():
    assert len(PAIRS) >= 4
    assert sum(path.stat().st_size for path in (DATA / "demo").rglob("*") if path.is_file()) < 2_000_000


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_mask_fits_its_photo_and_has_no_colour_outside_the_palette(pair, side):
    mask = mask_of(pair, side)
    with Image.open(pair / f"{side}.jpg") as photo:
        assert photo.size == mask.shape[1::-1]
    colours = {tuple(colour) for colour in np.unique(mask.reshape(-1, 3), axis=0).tolist()}
    assert colours <= set(PALETTE.values())
    assert len(colours) >= 2


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_content_and_style_have_the_same_regions_of_decent_size(pair):
    content, style = (shares(read_labels(mask_of(pair, side)).labels) for side in SIDES)
    assert content.keys() == style.keys()
    assert min(*content.values(), *style.values()) >= LEAST_SHARE


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_content_masks_have_no_specks(pair):
    labels = read_labels(mask_of(pair, "content")).labels
    for label in np.unique(labels):
        components, count = ndimage.label(labels == label)
        sizes = ndimage.sum_labels(np.ones(labels.shape), components, np.arange(1, count + 1))
        assert sizes.min() >= 0.002 * labels.size


def test_every_photo_is_attributed():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    missing = [
        f"{pair.name}/{side}.jpg" for pair in PAIRS for side in SIDES if f"`{pair.name}/{side}.jpg`" not in readme
    ]
    assert not missing
