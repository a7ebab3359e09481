"""One cut through two photos, on cells made so that the answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.segment.joint import LEAST_SHARE, MOST, Cells, joint_clusters

CHANNELS = 12


def cells(parts: np.ndarray, seed: int, brightness: float = 1.0) -> Cells:
    """Cells whose features say which part they are of; colours say only how bright the photo is."""
    rng = np.random.default_rng(seed)
    codes = np.random.default_rng(99).random((8, CHANNELS)) * 4  # the same in all photos
    features = codes[parts].transpose(2, 0, 1) + rng.random((CHANNELS, *parts.shape)) * 0.2
    colours = brightness * (rng.random((3, *parts.shape)) * 0.1 + parts * 0.1)
    return Cells((features.astype(np.float32),), colours.astype(np.float32), parts * 1.0)


def bands(*parts: int, rows: int = 3, columns: int = 16) -> np.ndarray:
    return np.array(parts).repeat(rows)[:, None].repeat(columns, axis=1)


def clustered(content: Cells, style: Cells) -> tuple[np.ndarray, np.ndarray]:
    sides = joint_clusters(content, style)
    return sides[0].argmax(axis=0), sides[1].argmax(axis=0)


@pytest.mark.parametrize("brightness", [1.0, 0.1])
def test_what_is_alike_is_matched_by_day_and_by_night(brightness: float) -> None:
    content, style = bands(0, 0, 0, 1, 1, 1), bands(0, 0, 1, 1, 1, 1)
    found = clustered(cells(content, 0), cells(style, 1, brightness))
    of_sky, of_ground = (
        {int(k) for k in np.unique(np.r_[found[0][content == p], found[1][style == p]])} for p in (0, 1)
    )
    assert of_sky.isdisjoint(of_ground)


@settings(max_examples=15)
@given(st.integers(0, 30), st.integers(9, 20), st.integers(9, 20))
def test_every_cluster_has_enough_of_both(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    sides = joint_clusters(
        cells(rng.integers(0, 5, (rows, columns)), seed), cells(rng.integers(2, 8, (columns, rows)), seed + 1)
    )
    assert sides[0].shape[1:] == (rows, columns)
    assert sides[1].shape[1:] == (columns, rows)
    assert 1 <= len(sides[0]) == len(sides[1]) <= MOST
    for side in sides:
        assert np.isfinite(side).all()
        shares = np.bincount(side.argmax(axis=0).ravel(), minlength=len(side)) / side[0].size
        assert shares.min() >= LEAST_SHARE


def test_what_only_one_photo_has_makes_no_cluster_of_its_own() -> None:
    content, style = bands(0, 0, 1, 1, 5, 5), bands(0, 0, 0, 1, 1, 1)
    found = clustered(cells(content, 0), cells(style, 1))
    assert set(np.unique(found[0])) == set(np.unique(found[1]))


def test_the_same_photos_give_the_same_clusters() -> None:
    pair = cells(bands(0, 1, 2), 0), cells(bands(2, 1, 0), 1)
    for first, second in zip(joint_clusters(*pair), joint_clusters(*pair), strict=True):
        np.testing.assert_array_equal(first, second)


def test_featureless_photos_are_no_trouble() -> None:
    flat = Cells((np.zeros((4, 6, 6), np.float32),), np.zeros((3, 6, 6), np.float32), np.zeros((6, 6), np.float32))
    for side in joint_clusters(flat, flat):
        assert np.isfinite(side).all()
