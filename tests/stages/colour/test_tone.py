import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.arrays import LUMA
from stages.colour.tone import FLATTEST, GREYS, STEEPEST, find_tone, toned
from stages.colour.transport import span


def greys(values):
    return np.repeat(np.asarray(values, np.float64)[:, None], 3, axis=1)


def test_equal_colours_stay():
    colours = np.random.default_rng(0).random((5000, 3))
    np.testing.assert_allclose(toned(colours, find_tone(colours, colours, np.eye(3))), colours, atol=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.5, 2))
def test_the_curve_of_luma_is_monotone_within_its_slopes_and_agrees_in_the_mean(seed, power):
    luma = np.random.default_rng(seed).random(4000)
    tone = find_tone(greys(luma), greys(luma**power), np.full((3, 3), 1 / 3))
    slopes = np.diff(GREYS + tone.lightening) / np.diff(GREYS)
    assert slopes.min() >= FLATTEST - 1e-9
    assert slopes.max() <= STEEPEST + 1e-9
    lighter = toned(greys(luma), tone)
    np.testing.assert_allclose(lighter.mean(), (luma**power).mean(), atol=0.005)
    np.testing.assert_allclose(lighter[:, 1], lighter[:, 0], atol=1e-9)  # grey to grey has no hue


def test_a_gamma_is_undone_better_than_by_its_mean_and_spread():
    luma = np.random.default_rng(0).random(20000)
    wanted = luma**1.25
    by_moments = wanted.mean() + wanted.std() / luma.std() * (luma - luma.mean())
    curved = toned(greys(by_moments), find_tone(greys(by_moments), greys(wanted), np.full((3, 3), 1 / 3)))[:, 0]
    assert np.square(curved - wanted).mean() < np.square(by_moments - wanted).mean() / 4


def test_each_luma_takes_the_hue_that_the_target_has_there():
    """Blue in the dark and orange in the light, from one hue everywhere; what differs at one luma stays."""
    rng = np.random.default_rng(0)
    luma, hues = rng.uniform(0.2, 0.8, 20000), np.array([[1.0, -0.4, -0.57], [0.5, -0.5, 1.2]])
    hues -= (hues @ LUMA)[:, None]
    at_luma, hue = greys(luma) + 0.05 * rng.uniform(-1, 1, (20000, 2)) @ hues, hues[0]
    even, split = at_luma + 0.05 * hue, at_luma + 0.2 * (luma - 0.5)[:, None] * hue
    tinted = toned(even, find_tone(even, split, span(split)))
    inner = (luma > 0.3) & (luma < 0.7)
    np.testing.assert_allclose(tinted[inner], split[inner], atol=0.02)


@settings(max_examples=25)
@given(st.integers(0, 1000))
def test_nothing_is_added_outside_the_target_s_span(seed):
    rng = np.random.default_rng(seed)
    direction = np.array([1.0, 0.8, 0.5])
    colours = rng.random((500, 3))
    target = 0.2 + 0.5 * rng.random((500, 1)) * direction
    added = toned(colours, find_tone(colours, target, span(target))) - colours
    along = added @ direction / (direction @ direction)
    np.testing.assert_allclose(added, along[:, None] * direction, atol=1e-3)


def test_a_flat_target_adds_nothing():
    colours = np.random.default_rng(0).random((500, 3))
    flat = np.full((400, 3), 0.3)
    np.testing.assert_allclose(toned(colours, find_tone(colours, flat, span(flat))), colours, atol=1e-9)
