"""Regions found in photos, with the real network where it can be had."""

import numpy as np
import pytest

from pipeline.events.errors import NetworkError
from pipeline.networks.weights import load_encoder_weights
from stages.features import Encoder
from stages.segment.automatic import SLIVER, automatic_labels, look, to_edges, without_slivers
from stages.segment.superpixels import averages, superpixels


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    try:
        weights = load_encoder_weights("vgg16")
    except NetworkError as error:
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
    outlines = superpixels(day)
    by_day, by_night = (look((light * day).astype(np.float32), outlines, encoder).standing[0] for light in (1, 0.5))
    assert np.abs(by_day - by_night).mean() < 0.15 * by_day.mean()  # 0.26 if it were seen as it is


def test_the_frame_of_a_flat_photo_is_not_seen(encoder: Encoder) -> None:
    photo = np.full((120, 200, 3), 0.4, np.float32)
    described = look(photo, superpixels(photo), encoder)
    for layer in described.structure + described.standing:
        assert np.ptp(layer, axis=1).max() < 0.05 * layer.max()


def test_structure_is_of_colours_and_standing_of_grey(encoder: Encoder) -> None:
    photo = np.full((120, 200, 3), (0.5, 0.3, 0.2), np.float32)
    photo[:, 100:] = (0.3, 0.3, 0.2 + 0.2 * 0.299 / 0.114)  # as bright
    outlines = superpixels(photo)
    left = averages((np.arange(200) < 100)[None, None].repeat(120, axis=1) * 1.0, outlines)[0] > 0.5
    described = look(photo, outlines, encoder)
    apart = [
        np.abs(layer[:, left].mean(axis=1) - layer[:, ~left].mean(axis=1)).sum() / layer.mean(axis=1).sum()
        for layer in (described.structure[0], described.standing[0])
    ]
    assert apart[0] > 0.2
    assert apart[1] < 0.02


def test_a_thing_before_a_plain_background_is_found_to_the_pixel(encoder: Encoder) -> None:
    rng = np.random.default_rng(0)
    rows, columns = np.ogrid[:200, :300]
    inside = [np.hypot(rows - 110, columns - at) < 60 for at in (120, 180)]
    photos = []
    for disc, (background, colour) in zip(inside, ((0.9, (0.6, 0.2, 0.1)), (0.7, (0.1, 0.3, 0.5))), strict=True):
        photo = np.full((200, 300, 3), background, np.float32)
        photo[disc] = np.array(colour) * rng.uniform(0.5, 1, (disc.sum(), 1))
        photos.append(photo)
    labels = automatic_labels(photos[0], photos[1], encoder)
    for disc, found in zip(inside, labels, strict=True):
        of_disc = np.array([disc[found == k].mean() > 0.5 for k in range(found.max() + 1)])
        off = of_disc[found] != disc
        assert off.sum() < 2 * 2 * np.pi * 60  # two pixels along the outline
    shared = [set(np.unique(found[disc])) for disc, found in zip(inside, labels, strict=True)]
    assert shared[0] & shared[1]


def test_outlines_lie_on_the_photos_edges() -> None:
    clusters = np.zeros((160, 240), np.intp)
    clusters[65:] = 1
    photo = np.full((160, 240, 3), 0.8, np.float32)
    photo[66:] = 0.3
    labels = to_edges(photo, clusters)
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
