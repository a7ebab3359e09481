"""Scores of little images, in little time."""

import pytest

from pipeline.compare import metrics


@pytest.fixture(autouse=True)
def _scored_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image is enlarged to be scored, which takes longer than to make it at this size."""
    monkeypatch.setattr(metrics, "STYLE_SIZE", 96)
