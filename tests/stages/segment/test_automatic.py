"""Regions found in photos, with the real network where it can be had."""

import numpy as np
import pytest

from pipeline.weights import WeightsError, load_encoder_weights
from stages.segment.automatic import SLIVER, automatic_labels, look, to_edges, without_slivers
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
    sky_of_style = np.arange(180)[:, None].repeat(200, axis=1) < 110
    counterparts = np.array([sky_of_style[of_style == k].mean() > 0.5 for k in range(of_content.max() + 1)])
    styled_as_sky = counterparts[of_content]
    assert styled_as_sky[:54].mean() > 0.9  # a layer's cells are up to 16 pixels high
    assert styled_as_sky[86:].mean() < 0.1


def test_a_night_is_seen_as_a_day(encoder: Encoder) -> None:
    day = scenery((160, 240), 70, (0.5, 0.7, 0.9), 0)
    by_day, by_night = (look((light * day).astype(np.float32), encoder).features[0] for light in (1, 0.5))
    assert np.abs(by_day - by_night).mean() < 0.15 * by_day.mean()  # 0.26 if it were seen as it is


def test_the_frame_of_a_flat_photo_is_not_seen(encoder: Encoder) -> None:
    cells = look(np.full((120, 200, 3), 0.4, np.float32), encoder)
    for layer in cells.features:
        assert np.ptp(layer, axis=(1, 2)).max() < 0.05 * layer.max()


def test_borders_lie_on_the_photos_edges() -> None:
    belonging = np.zeros((2, 20, 30))
    belonging[0, :8], belonging[1, 8:] = 1, 1  # a border at row 64
    photo = np.full((160, 240, 3), 0.8, np.float32)
    photo[66:] = 0.3
    labels = to_edges(photo, belonging)
    assert np.abs((labels == 0).sum(axis=0) - 66).mean() < 1


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
