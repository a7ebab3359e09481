"""The style's light on the content: where it comes from, and what it never does."""

import numpy as np
import pytest

from stages.colour.edges import find_edges
from stages.colour.match import Matched
from stages.segment import Regions, one_region
from stages.stylize import relight as module
from stages.stylize.on_device import load_pair
from stages.stylize.relight import MOST, MOST_COLOUR, relight

EVERY_HUE = np.eye(3)[None]


@pytest.fixture
def large(photo):
    """(96, 128, 3): twelve by sixteen cells."""
    return photo.repeat(2, axis=0).repeat(2, axis=1)


def relit(matched, content, style, encoder, spans=EVERY_HUE, regions=None):
    regions = regions or one_region(content.shape[:2], style.shape[:2])
    pair = load_pair(content, style, regions, encoder.device)
    weights = np.stack([regions.content == k for k in range(regions.count)]).astype(np.float64)
    return relight(Matched(matched, weights, spans, find_edges(content)), pair, encoder)


def test_a_photo_has_its_own_light_already(large, encoder):
    result = relit(large, large, large, encoder)
    assert result.shape == large.shape
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, large, atol=0.06)
    assert np.abs(result - large).mean() < 0.01


def test_what_the_style_has_bright_becomes_brighter(large, encoder):
    """The same photo, lit from the left."""
    light = np.linspace(1.5, 0.5, large.shape[1])[:, None]
    result = relit(large, large, (large * light).clip(0, 1).astype(np.float32), encoder)
    ratio = result.mean(axis=(0, 2)) / large.mean(axis=(0, 2))
    assert ratio[:32].mean() > 1.03
    assert ratio[-32:].mean() < 0.97


def test_grey_stays_grey_and_black_black(large, encoder):
    grey = np.repeat(large[..., :1], 3, axis=2)
    grey[:20, :20] = 0
    style = np.repeat(large[::-1, :, 1:2] ** 2, 3, axis=2)
    spans = np.full((1, 3, 3), 1 / 3)
    result = relit(grey, large, style, encoder, spans)
    assert np.ptp(result, axis=2).max() < 1e-6
    np.testing.assert_array_equal(result[:20, :20], 0)


def test_nothing_goes_out_of_range_or_beyond_its_bounds(large, encoder):
    style = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32).round()
    result = relit(large, large, style, encoder)
    assert result.min() >= 0
    assert (result <= large.max(axis=2, keepdims=True) * np.exp(MOST + MOST_COLOUR) + 1e-6).all()
    white = relit(np.ones_like(large), large, large[::-1], encoder)
    assert white.max() <= np.exp(MOST_COLOUR) + 1e-6


def test_a_region_without_places_stays_as_it_is(large, encoder):
    labels = np.zeros(large.shape[:2], np.uint8)
    labels[:8, :8] = 1  # one cell
    regions = Regions(labels, labels, 2, ())
    result = relit(large, large, large[:, ::-1] ** 2, encoder, EVERY_HUE.repeat(2, axis=0), regions)
    inside = np.s_[1:5, 1:5]
    assert np.abs(result[inside] - large[inside]).max() < np.abs(result - large).max() / 3


def test_of_two_views_of_one_scene_the_place_tells_nothing(encoder, monkeypatch):
    """Two crops of one photo, one of them graded: the colours tell all there is."""
    rng = np.random.default_rng(0)
    scene = np.repeat(np.repeat(rng.random((12, 24, 3)), 8, axis=0), 8, axis=1) * rng.uniform(0.7, 1, (96, 192, 1))
    content, style = (np.ascontiguousarray(crop, np.float32) for crop in (scene[:, :128], scene[:, 64:] ** 1.4))
    truth = content**1.4
    near = np.abs(relit(truth, content, style, encoder) - truth).mean()
    monkeypatch.setattr(module, "TWO_SCENES", 1.0)
    monkeypatch.setattr(module, "ONE_SCENE", 2.0)
    far = np.abs(relit(truth, content, style, encoder) - truth).mean()
    assert near < 0.01
    assert near < far / 3
