import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.segment.likeness import SUBSTITUTES, by_name, looks


def scene(seed: int, exposure: float) -> tuple[np.ndarray, np.ndarray]:
    """A bright smooth sky over dark rough ground."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([[0], [1]], 20, axis=0).repeat(50, axis=1)
    photo = np.where(labels[..., None] == 0, 0.8, rng.random((40, 50, 1)) * 0.4)
    return (exposure * photo * [0.9, 0.95, 1]).astype(np.float32), labels


@pytest.mark.parametrize("exposure", [1.0, 0.2])
def test_sky_answers_to_sky_by_day_and_by_night(exposure):
    day, night = looks(*scene(0, 1.0), 2), looks(*scene(1, exposure), 2)
    distance = np.linalg.norm(day[:, None] - night, axis=2)
    assert distance[0, 0] < 0.3 * distance[0, 1]
    assert distance[1, 1] < 0.3 * distance[1, 0]


@given(st.integers(0, 50), st.integers(2, 5))
def test_looks_are_deviations_from_the_photo(seed, count):
    rng = np.random.default_rng(seed)
    photo, labels = rng.random((20, 30, 3), dtype=np.float32), rng.integers(0, count, (20, 30))
    areas = np.bincount(labels.ravel(), minlength=count)
    found = np.nan_to_num(looks(photo, labels, count))
    np.testing.assert_allclose(areas @ found, 0, atol=1e-2)


def test_a_class_without_pixels_has_no_looks():
    found = looks(np.full((9, 9, 3), 0.5, np.float32), np.zeros((9, 9), np.uint8), 2)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


def test_names_stand_for_each_other_in_order():
    assert by_name("water", ["ground", "sky"]) == 1
    assert by_name("water", ["person", "ground"]) == 1
    assert by_name("water", ["person"]) is None
    assert by_name("blue", ["sky"]) is None
    assert {name for names in SUBSTITUTES.values() for name in names} <= SUBSTITUTES.keys()
