"""Masks for pairs without: written to be looked at and edited, honoured as they are, never in the way of given ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main
from pipeline.dataset.found_masks import CONTENT_MASK, OVERLAY, STYLE_MASK, with_found_masks
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.dataset.pairs import Pair
from pipeline.settings.config import Config
from pipeline.store.manifest import read_manifest
from stages.segment.labels import PALETTE

CONTENT, STYLE = (90, 120), (100, 80)
pytestmark = pytest.mark.usefixtures("vgg16")
SETTINGS = 'encoder = "vgg16"\ndevice = "cpu"\n'


def scenery(shape: tuple[int, int], seed: int) -> np.ndarray:
    """A smooth sky over rough ground."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 120, (*shape, 3))
    values[: shape[0] // 2] = [90, 140, 220]
    return values.astype(np.uint8)


def halves(shape: tuple[int, int]) -> np.ndarray:
    mask = np.full((*shape, 3), PALETTE["red"], np.uint8)
    mask[: shape[0] // 2] = PALETTE["yellow"]
    return mask


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two pairs, the first with masks of its own."""
    root = tmp_path / "trip"
    for seed, name in enumerate(("beach", "hill")):
        (root / name).mkdir(parents=True)
        Image.fromarray(scenery(CONTENT, seed)).save(root / name / "content.png")
        Image.fromarray(scenery(STYLE, seed + 10)).save(root / name / "style.png")
    Image.fromarray(halves(CONTENT)).save(root / "beach" / "content_mask.png")
    Image.fromarray(halves(STYLE)).save(root / "beach" / "style_mask.png")
    (root / "photostyle.toml").write_text(SETTINGS)
    return root


def photostyle(command: str, dataset: Path, *options: str) -> int:
    return main([command, str(dataset), "--results", str(dataset.parent / "out"), *options])


def found(dataset: Path, pair: str) -> Path:
    return dataset.parent / "out" / "trip" / pair / "segment"


def pair_with_masks(dataset: Path, name: str) -> Pair:
    pairs = with_found_masks(open_dataset(dataset), dataset.parent / "out" / "trip", Config()).pairs
    return next(pair for pair in pairs if pair.name == name)


def test_masks_are_found_reported_edited_and_kept(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert photostyle("segment", dataset) == 0
    out = capsys.readouterr().out
    assert not found(dataset, "beach").exists()
    folder = found(dataset, "hill")
    assert {path.name for path in folder.iterdir()} == {CONTENT_MASK, STYLE_MASK, OVERLAY, "manifest.json"}
    for name, shape in ((CONTENT_MASK, CONTENT), (STYLE_MASK, STYLE)):
        with Image.open(folder / name) as mask:
            assert mask.size == shape[::-1]
    beach, hill = out.split("hill\n")
    assert beach == "beach\n  content_mask.png: red 50.0%, yellow 50.0%\n  style_mask.png: red 50.0%, yellow 50.0%\n"
    assert hill.startswith("  content_mask.png: ")
    assert str(folder / OVERLAY) in hill
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.facts["encoder"] == "vgg16"

    regions = load_inputs(pair_with_masks(dataset, "hill"), 700).regions
    assert regions.count >= 2
    assert set(np.unique(regions.content[:40])).isdisjoint(np.unique(regions.content[50:]))

    Image.fromarray(halves(CONTENT)).save(folder / CONTENT_MASK)
    Image.fromarray(halves(STYLE)).save(folder / STYLE_MASK)
    edited = (folder / CONTENT_MASK).read_bytes()
    assert photostyle("segment", dataset) == 0
    assert (folder / CONTENT_MASK).read_bytes() == edited
    assert "content_mask.png: red 50.0%, yellow 50.0%" in capsys.readouterr().out.split("hill\n")[1]
    assert photostyle("segment", dataset, "--force") == 0
    assert (folder / CONTENT_MASK).read_bytes() != edited


def test_other_photos_have_other_masks(dataset: Path) -> None:
    assert photostyle("segment", dataset, "--pairs", "hill") == 0
    before = (found(dataset, "hill") / "manifest.json").read_bytes()
    Image.fromarray(scenery(CONTENT, 77)).save(dataset / "hill" / "content.png")
    assert photostyle("segment", dataset, "--pairs", "hill") == 0
    assert (found(dataset, "hill") / "manifest.json").read_bytes() != before


def test_masks_of_ones_own_go_first_and_can_be_left_aside(dataset: Path) -> None:
    assert photostyle("segment", dataset) == 0
    assert pair_with_masks(dataset, "hill").content_mask == found(dataset, "hill") / CONTENT_MASK
    assert pair_with_masks(dataset, "beach").content_mask == dataset / "beach" / "content_mask.png"
    for name in (CONTENT_MASK, STYLE_MASK):  # copied beside the photos, they are one's own
        (dataset / "hill" / name).write_bytes((found(dataset, "hill") / name).read_bytes())
    assert pair_with_masks(dataset, "hill").content_mask == dataset / "hill" / CONTENT_MASK


def test_a_pair_that_cannot_be_read_stops_no_other(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset / "beach" / "content_mask.png").unlink()
    (dataset / "beach" / "style_mask.png").unlink()
    (dataset / "beach" / "style.png").write_bytes(b"")
    assert photostyle("segment", dataset) == 1
    assert "style.png: an empty file" in capsys.readouterr().err
    assert (found(dataset, "hill") / CONTENT_MASK).exists()


@pytest.mark.parametrize(("masks", "count"), [("given", 1), ("none", 0)])
def test_regions_are_found_only_where_they_are_wanted(
    dataset: Path, masks: str, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = ["--size", "64", "--stylize.sizes", "32", "--stylize.evaluations", "2"]
    assert photostyle("stylize", dataset, "--masks", masks, *tiny) == 0
    assert not found(dataset, "hill").exists()
    regions = []
    for name in ("beach", "hill"):
        manifest = read_manifest(found(dataset, name).parent / "stylize")
        assert manifest is not None
        regions.append(manifest.facts["regions"])
    assert regions == [1 + count, 1]
