"""Regions found in photos, with the real network where it can be had."""

import numpy as np
import pytest

from pipeline.weights import WeightsError, load_encoder_weights
from stages.segment.automatic import SLIVER, automatic_labels, without_slivers
from stages.stylize import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    try:
        weights = load_encoder_weights("vgg16")
    except WeightsError as error:
        pytest.skip(f"VGG-16 can't be had here: {error}")
    return Encoder(weights.tensors, weights.architecture)


def scenery(shape: tuple[int, int], horizon: int, sky: tuple[float, float, float], seed: int) -> np.ndarray:
    """A smooth sky over rough ground."""
    rng = np.random.default_rng(seed)
    photo = np.empty((*shape, 3), np.float32)
    photo[:horizon] = np.array(sky) * np.linspace(0.8, 1, horizon)[:, None, None]
    photo[horizon:] = rng.random((shape[0] - horizon, shape[1], 1)) * [0.5, 0.4, 0.2]
    return photo.clip(0, 1)


@pytest.mark.parametrize("sky", [(0.6, 0.8, 1.0), (0.05, 0.05, 0.15)])
def test_sky_is_matched_with_sky_and_ground_with_ground(encoder: Encoder, sky: tuple[float, float, float]) -> None:
    content, style = scenery((160, 240), 70, (0.5, 0.7, 0.9), 0), scenery((180, 200), 110, sky, 1)
    of_content, of_style = automatic_labels(content, style, encoder)
    assert (of_content.shape, of_style.shape) == (content.shape[:2], style.shape[:2])
    assert (of_content.dtype, of_style.dtype) == (np.uint8, np.uint8)
    above, below = set(np.unique(of_content[:60])), set(np.unique(of_content[80:]))
    assert above.isdisjoint(below)
    assert set(np.unique(of_style[:100])) <= above
    assert set(np.unique(of_style[120:])) <= below


def test_borders_lie_on_the_photos_edges(encoder: Encoder) -> None:
    content = scenery((160, 240), 70, (0.5, 0.7, 0.9), 0)
    labels, _ = automatic_labels(content, scenery((180, 200), 110, (0.6, 0.8, 1), 1), encoder)
    above = np.isin(labels, np.unique(labels[:60]))
    assert np.abs(above.sum(axis=0) - 70).mean() < 2.5  # a cell is 8 pixels high


def test_the_smallest_photos_do(encoder: Encoder) -> None:
    rng = np.random.default_rng(0)
    for labels, shape in zip(
        automatic_labels(rng.random((32, 40, 3), np.float32), rng.random((90, 33, 3), np.float32), encoder),
        ((32, 40), (90, 33)),
        strict=True,
    ):
        assert labels.shape == shape


def test_slivers_join_what_is_around_them() -> None:
    labels = np.zeros((50, 60), np.uint8)
    labels[25:], labels[5:7, 5:7], labels[40, 40] = 1, 1, 0
    kept = without_slivers(labels)
    np.testing.assert_array_equal(kept, np.repeat([0, 1], 25)[:, None].repeat(60, axis=1))
    assert SLIVER * labels.size > 4
    assert without_slivers(kept) is kept


def test_the_largest_patch_of_confetti_stays() -> None:
    labels = np.random.default_rng(0).integers(0, 2, (50, 60)).astype(np.uint8)
    assert without_slivers(labels).shape == labels.shape
