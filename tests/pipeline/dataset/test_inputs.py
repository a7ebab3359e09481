"""A pair as the stages take it: brought down, masks matched to photos, all faults told together."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import InputError
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.settings.config import Config
from stages.segment.labels import PALETTE

BLUE, GREEN = PALETTE["blue"], PALETTE["green"]


def save(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values).save(path)
    return path


def halves(height: int, width: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> np.ndarray:
    mask = np.empty((height, width, 3), np.uint8)
    mask[: height // 2], mask[height // 2 :] = top, bottom
    return mask


def photo(height: int, width: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(
        "sea",
        save(tmp_path / "content.png", photo(80, 120)),
        save(tmp_path / "style.png", photo(90, 60)),
        save(tmp_path / "content_mask.png", halves(80, 120, BLUE, GREEN)),
        save(tmp_path / "style_mask.png", halves(90, 60, GREEN, BLUE)),
    )


def test_photos_and_masks_are_brought_down_together(pair: Pair) -> None:
    inputs = load_inputs(pair, 60)
    assert inputs.content.shape == (40, 60, 3)
    assert inputs.style.shape == (60, 40, 3)
    assert inputs.regions.count == 2
    assert np.array_equal(inputs.regions.content, np.repeat([[0], [1]], 20, axis=0).repeat(60, axis=1))
    assert np.array_equal(inputs.regions.style, np.repeat([[1], [0]], 30, axis=0).repeat(40, axis=1))
    assert inputs.notes == ()


def test_found_masks_are_not_sure_and_count_as_other_regions(pair: Pair, tmp_path: Path) -> None:
    folder = tmp_path / "results" / "segment"
    folder.mkdir(parents=True)
    for mask in (pair.content_mask, pair.style_mask):
        assert mask is not None
        shutil.copy(mask, folder)
    bare = pair._replace(content_mask=None, style_mask=None)
    drawn, found = (load_inputs(one, 60) for one in (pair, with_found_mask(bare, folder.parent, Config(masks="auto"))))
    assert np.array_equal(drawn.regions.content, found.regions.content)
    assert drawn.regions.sure
    assert not found.regions.sure
    assert drawn.regions.places is drawn.regions
    assert found.regions.places.count == 1
    differing = {name for name in drawn.hashes() if drawn.hashes()[name] != found.hashes()[name]}
    assert differing == {"content regions"}


def test_without_masks_all_is_one_region(pair: Pair) -> None:
    inputs = load_inputs(pair._replace(content_mask=None, style_mask=None), 700)
    assert inputs.regions.count == 1
    assert inputs.regions.content.shape == (80, 120)
    assert inputs.content_labels is None


def test_hashes_follow_what_is_decoded_and_not_the_files(pair: Pair, tmp_path: Path) -> None:
    before = load_inputs(pair, 700).hashes()
    Image.fromarray(photo(80, 120)).save(tmp_path / "content.tiff")
    assert load_inputs(pair._replace(content=tmp_path / "content.tiff"), 700).hashes() == before
    changed = photo(80, 120)
    changed[0, 0, 0] ^= 1
    save(pair.content, changed)
    after = load_inputs(pair, 700).hashes()
    assert {name for name in before if before[name] != after[name]} == {"content"}


def test_all_faults_of_a_pair_are_told_together(pair: Pair, tmp_path: Path) -> None:
    assert pair.content_mask is not None
    assert pair.style_mask is not None
    pair.style.write_bytes(b"")
    save(pair.content_mask, halves(78, 120, BLUE, GREEN))
    pair.style_mask.write_bytes(b"GIF89a")
    with pytest.raises(InputError) as error:
        load_inputs(pair, 700)
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert "content_mask.png: is 120x78, its photo 120x80: save the mask at the photo's size" in lines[0]
    assert "style.png: an empty file" in lines[1]
    assert "style_mask.png: of another kind (GIF)" in lines[2]


@pytest.mark.parametrize(("shape", "becomes"), [((1, 1), "1x1"), ((1, 20000), "700x1"), ((31, 200), "200x31")])
def test_slivers_are_refused(pair: Pair, shape: tuple[int, int], becomes: str) -> None:
    save(pair.content, photo(*shape))
    with pytest.raises(InputError, match=f"becomes {becomes}: no edge may be under 32"):
        load_inputs(pair._replace(content_mask=None, style_mask=None), 700)
