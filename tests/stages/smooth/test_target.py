import numpy as np
import pytest

from stages.smooth.target import MOST, OUTSIDE, find_target
from tests.stages.smooth.test_anchored import noisy, photo_like


def test_it_is_the_anchor_where_nothing_was_changed():
    content, a = photo_like(30, 40), noisy(30, 40, seed=1)
    np.testing.assert_allclose(find_target(a, a, content, 2.0), a, atol=1e-6)


def test_without_emphasis_light_stays_and_colour_is_changed_as_one_map_can():
    content, a = photo_like(30, 40), noisy(30, 40, seed=1) * 0.5 + 0.2
    warmer, lighter = np.array([0.1, 0.0, -0.1]), 0.1
    tint = warmer - warmer @ (0.299, 0.587, 0.114)
    np.testing.assert_allclose(find_target(a + tint + lighter, a, content, 0.0), a + tint, atol=1e-3)


def test_the_change_of_light_is_taken_so_many_times_and_keeps_hues():
    content, a = photo_like(40, 50), np.broadcast_to([0.4, 0.2, 0.1], (40, 50, 3))
    luma = a @ (0.299, 0.587, 0.114)
    for emphasis in (1.0, 2.0):
        target = find_target(a + 0.05, a, content, emphasis)
        np.testing.assert_allclose(target, a * (1 + emphasis * 0.05 / (luma[..., None] + 0.05)), atol=1e-5)


def test_black_stays_black_and_nothing_goes_far_outside():
    content, a = photo_like(30, 40), noisy(30, 40, seed=1)
    a[:10] = 0
    target = find_target(np.clip(a + 0.5, 0, 1.5), a, content, 9.0)
    np.testing.assert_allclose(target[:10], 0, atol=0.05)
    assert target.min() >= -OUTSIDE
    assert target.max() <= min(MOST, 1 + OUTSIDE)


def test_a_grey_pair_of_images_has_a_grey_target():
    content = photo_like(30, 40)
    a, y = (np.repeat(noisy(30, 40, seed)[..., :1], 3, axis=2) for seed in (1, 2))
    assert np.ptp(find_target(y, a, content, 2.0), axis=2).max() < 1e-6


def test_a_stain_of_colour_in_one_place_is_left_out():
    content = np.full((120, 160, 3), 0.5) + 0.02 * np.random.default_rng(0).uniform(-1, 1, (120, 160, 3))
    y = np.full((120, 160, 3), 0.5)
    y[20:60, 20:70] += (0.3, -0.1, -0.3)
    target = find_target(y, np.full_like(y, 0.5), content, 2.0)
    assert np.ptp(target - target.mean(axis=2, keepdims=True), axis=(0, 1)).max() < 0.03


def test_another_shape_is_refused():
    content = photo_like(10, 12)
    with pytest.raises(ValueError, match=r"change: \(9, 12\), the content's is \(10, 12\)"):
        find_target(content[1:], content[1:], content, 2.0)
