"""The file of settings with the paper's own protocol says what it promises."""

from pathlib import Path

import pytest

from pipeline.settings.layers import load_config

DATA = Path(__file__).parents[2] / "data"
COLOURS = 256.0
VARIATION, AFFINE = 1e-3, 1e4
"""The authors' weights, of 1/2 sum of squared differences of colours up to 256, and of the energy of those up to 1."""


def test_it_is_the_papers():
    config = load_config(DATA / "demo", DATA / "paper_protocol.toml")
    first, second = config.stylize, config.onestage
    assert first.start == "noise"
    assert first.sizes == (config.size,) == (700,)
    assert first.evaluations == (second.evaluations,) == (1000,)
    shared = ("optimizer", "tolerance", "style_weight", "content_weight", "tv_weight", "chroma_weight")
    assert [getattr(first, name) for name in shared] == [getattr(second, name) for name in shared]
    assert (first.optimizer, first.tolerance, first.chroma_weight) == ("lbfgs", 0, 0)


def test_variation_and_photorealism_are_in_the_authors_proportion():
    """Here the one is a mean over pixels and channels, the other over pixels."""
    config = load_config(DATA / "demo", DATA / "paper_protocol.toml").onestage
    theirs = AFFINE / (VARIATION / 2 * COLOURS**2 * 3)
    assert config.photorealism_weight / config.tv_weight == pytest.approx(theirs, rel=0.05)
