"""The dataset that the command line is tried on."""

from pathlib import Path

import pytest

from pipeline.compare import metrics
from tests.pipeline.scenes import TINY, mask, scenery


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two pairs, the second without masks."""
    root = tmp_path / "trip"
    for seed, name in enumerate(("beach", "hill")):
        (root / name).mkdir(parents=True)
        scenery(60, 80, seed).save(root / name / "content.png")
        scenery(70, 50, seed + 10).save(root / name / "style.jpg")
    mask(60, 80).save(root / "beach" / "content_mask.png")
    mask(70, 50).save(root / "beach" / "style_mask.png")
    scenery(60, 80, 5).save(root / "beach" / "compare_other.png")
    (root / "photostyle.toml").write_text(TINY)
    return root


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def _scored_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image is enlarged to be scored, which takes longer than to make it at this size."""
    monkeypatch.setattr(metrics, "STYLE_SIZE", 96)
