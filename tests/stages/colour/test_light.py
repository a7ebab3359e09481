import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.colour.light import MOST, Gradient, find_gradient, gain, lit, share_of
from stages.colour.match import match_colours
from stages.colour.transport import span


def of_all(image: np.ndarray) -> Gradient:
    """Of all pixels."""
    return find_gradient(image.reshape(-1, 3), np.arange(len(image)).repeat(image.shape[1]))


def sky(height: int, width: int, top: float, bottom: float, noise: float = 0.01) -> np.ndarray:
    rows = np.linspace(top, bottom, height)[:, None, None] * np.array([1.0, 0.8, 0.6])
    return rows + noise * np.random.default_rng(0).uniform(-1, 1, (height, width, 3))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0.2, 1.0))
def test_the_gradient_is_the_least_squares_fit_over_all_pixels(seed, filled):
    """Found from the rows' means, it is what all pixels give one by one."""
    rng = np.random.default_rng(seed)
    image, region = rng.random((17, 9, 3)), rng.random((17, 9)) < filled
    region[3, 4] = region[12, 5] = True
    found = find_gradient(image[region], region.nonzero()[0])
    t = found.heights(np.nonzero(region)[0])
    terms = np.stack([np.ones_like(t), t, t**2], axis=1)
    fitted = terms @ np.linalg.lstsq(terms, image[region], rcond=None)[0]
    np.testing.assert_allclose(found.mean + found.change(t), fitted, atol=1e-9)
    unexplained = ((image[region] - fitted) ** 2).sum() / ((image[region] - found.mean) ** 2).sum()
    n = len(t)
    assert found.explained == pytest.approx(max(0, 1 - unexplained * (n - 1) / max(n - 3, 1)), abs=1e-9)


def test_a_gradient_explains_a_sky_and_nothing_of_noise():
    assert of_all(sky(40, 30, 0.3, 0.9)).explained > 0.98
    assert of_all(np.random.default_rng(0).random((40, 30, 3))).explained < 0.01


@pytest.mark.parametrize("region", [np.eye(5, dtype=bool) & (np.arange(5) == 2), np.arange(25).reshape(5, 5) // 5 == 2])
def test_one_pixel_and_one_row_have_no_gradient(region):
    found = find_gradient(np.random.default_rng(0).random((region.sum(), 3)), region.nonzero()[0])
    assert found.explained == 0
    np.testing.assert_array_equal(found.change(found.heights(np.arange(5))), 0)


def test_a_low_strip_takes_less_of_a_tall_gradient_a_whole_picture_and_noise_none():
    tall = of_all(sky(40, 30, 0.3, 0.9))
    assert share_of(tall, (0.5, 0.5), (0.3, 0.5)) == 1
    assert share_of(tall, (0.1, 0.5), (0.1, 0.5)) == pytest.approx(0.2)
    assert share_of(tall, (0.5, 0.5), (0.3, 0.875)) == pytest.approx(0.5)
    assert share_of(tall, (0.5, 0.5), (1.0, 0.3)) == 0
    noise = of_all(np.random.default_rng(0).random((40, 30, 3)))
    assert share_of(noise, (0.5, 0.5), (0.3, 0.3)) < 0.03


def test_gains_keep_within_bounds_and_colours_within_the_span():
    steep = of_all(sky(40, 30, 0.0, 1.0))
    gains = gain(steep, 1.0, np.linspace(-1, 1, 40))
    assert gains.min() >= 1 / MOST
    assert gains.max() <= MOST
    np.testing.assert_array_equal(gain(steep, 0.0, np.linspace(-1, 1, 40)), 1)
    sepia = np.random.default_rng(0).random((50, 1)) * np.array([1.0, 0.8, 0.5])
    changed = lit(sepia, np.full((50, 3), (1.2, 1.0, 0.7)), span(sepia)) - sepia
    along = changed @ sepia[0] / (sepia[0] @ sepia[0])
    np.testing.assert_allclose(changed, along[:, None] * sepia[0], atol=1e-4)


def over_ground(sky_above: np.ndarray, ground: float = 0.2) -> np.ndarray:
    """The sky over as much of an even ground."""
    return np.concatenate([sky_above, np.full(sky_above.shape, ground)])


def test_a_flat_sky_takes_the_glow_at_the_horizon_and_black_stays_black():
    labels = np.arange(80)[:, None].repeat(30, axis=1) // 40
    photo = over_ground(0.6 + 0.02 * np.random.default_rng(1).uniform(-1, 1, (40, 30, 3)), ground=0.9)
    dusk = over_ground(sky(40, 30, 0.35, 0.65))
    matched = match_colours(photo, labels, dusk, labels, 2).image
    np.testing.assert_allclose(matched[3:35].mean(axis=1), dusk[3:35].mean(axis=1), atol=0.05)
    photo[:40, 10:20] = 0.0
    image = match_colours(photo, labels, dusk * (np.arange(30) % 2)[None, :, None], labels, 2).image
    assert image[:35, 14:16].max() < 0.1


def test_a_sky_of_the_same_light_is_left_as_it_is():
    labels = np.arange(80)[:, None].repeat(30, axis=1) // 40
    photo = over_ground(sky(40, 30, 0.35, 0.85, noise=0.1))
    np.testing.assert_allclose(match_colours(photo, labels, photo, labels, 2).image[:35], photo[:35], atol=0.01)
