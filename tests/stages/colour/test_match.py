import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.colour import match
from stages.colour.match import match_colours


def halves(height=40, width=60):
    labels = np.zeros((height, width), np.uint8)
    labels[:, width // 2 :] = 1
    return labels


def test_each_region_gets_the_mean_and_spread_of_its_own():
    rng = np.random.default_rng(0)
    labels = halves()
    photo = np.where(labels[..., None] == 0, 0.2, 0.8) + 0.1 * rng.uniform(-1, 1, (40, 60, 3))
    target = np.where(labels[..., None] == 0, 0.6, 0.3) + 0.15 * rng.uniform(-1, 1, (40, 60, 3))
    matched = match_colours(photo, labels, target, labels, 2)
    assert matched.image.dtype == np.float32
    np.testing.assert_allclose(matched.weights.sum(axis=0), 1, atol=1e-6)
    for k in (0, 1):  # away from the border, where regions mix
        inside = (labels == k) & (np.abs(np.arange(60) - 29.5) > 15)
        np.testing.assert_allclose(matched.image[inside].mean(axis=0), target[labels == k].mean(axis=0), atol=0.05)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from(["grey", "sepia"]))
def test_no_colour_that_the_target_lacks(seed, kind):
    """The target varies along one direction only: so does the result, whatever the photo's colours are."""
    rng = np.random.default_rng(seed)
    direction = np.ones(3) if kind == "grey" else np.array([1.0, 0.8, 0.5])
    photo, target = rng.random((20, 30, 3)), 0.1 + 0.4 * rng.random((20, 30, 1)) * direction
    labels = np.zeros((20, 30), np.uint8)
    matched = match_colours(photo, labels, target, labels, 1)
    inside = ((matched.image > 0) & (matched.image < 1)).all(axis=2)  # where nothing is clipped
    deviations = matched.image[inside] - target.reshape(-1, 3).mean(axis=0)
    along = deviations @ direction / (direction @ direction)
    np.testing.assert_allclose(deviations, along[:, None] * direction, atol=1e-6)
    np.testing.assert_allclose(matched.spans[0] @ direction, direction, atol=0.01)


def test_a_bright_thing_before_a_dark_ground_gets_no_halo():
    """The mask is a little too large: the rim of ground that it takes in goes with the ground."""
    thing = np.zeros((60, 80), bool)
    thing[20:40, 30:50] = True
    labels = np.zeros((60, 80), np.uint8)
    labels[18:42, 28:52] = 1
    rng = np.random.default_rng(0)
    photo = np.where(thing[..., None], 0.2, 0.8) + 0.02 * rng.uniform(-1, 1, (60, 80, 3))
    target = np.where(labels[..., None] == 1, 0.7, 0.1) + 0.05 * rng.uniform(-1, 1, (60, 80, 3))
    image = match_colours(photo, labels, target, labels, 2).image
    rim = (labels == 1) & ~thing
    assert image[rim].mean() - image[labels == 0].mean() < 0.2
    assert image[thing].mean() > 0.5


def test_grain_is_not_stretched_as_far_as_things_are():
    """A faint step becomes a strong one; the noise on either side does not grow with it."""
    rng = np.random.default_rng(0)
    photo = np.where(np.arange(60)[None, :, None] < 30, 0.45, 0.55) + 0.004 * rng.standard_normal((40, 60, 3))
    target = np.where(np.arange(60)[None, :, None] < 30, 0.2, 0.8) + np.zeros((40, 60, 3))
    labels = np.zeros((40, 60), np.uint8)
    image = match_colours(photo, labels, target, labels, 1).image
    assert image[:, 40:].mean() - image[:, :20].mean() > 0.25
    assert image[:, 40:].std() < 2.5 * photo[:, 40:].std()  # by the map itself: 3 to 4 times


def test_regions_that_are_not_sure_take_half_of_the_one_map_of_all():
    rng = np.random.default_rng(0)
    labels = halves()
    photo = np.where(labels[..., None] == 0, 0.3, 0.7) + 0.05 * rng.uniform(-1, 1, (40, 60, 3))
    target = np.where(labels[..., None] == 0, 0.8, 0.2) + 0.05 * rng.uniform(-1, 1, (40, 60, 3))
    own, unsure = (match_colours(photo, labels, target, labels, 2, sure=sure).image for sure in (True, False))
    whole = match_colours(photo, 0 * labels, target, 0 * labels, 1).image
    for side in (np.s_[:, :10], np.s_[:, 50:]):  # one map can't turn light and dark around
        assert abs(own[side].mean() - target[side].mean()) < 0.03
        assert abs(whole[side].mean() - target[side].mean()) > 0.1
        assert abs(unsure[side].mean() - (own[side].mean() + whole[side].mean()) / 2) < 0.03


def test_some_pixels_of_a_region_tell_its_colours(monkeypatch):
    """Of 1200 each: stripes, which a fixed stride would not see as they are."""
    rng = np.random.default_rng(0)
    labels, stripes = halves(), 0.3 * (np.arange(60) // 2 % 2)[None, :, None]
    photo, target = (level + stripes + 0.05 * rng.uniform(-1, 1, (40, 60, 3)) for level in (0.2, 0.5))
    exact = match_colours(photo, labels, target, labels, 2).image
    monkeypatch.setattr(match, "ENOUGH", 300)
    assert np.abs(match_colours(photo, labels, target, labels, 2).image - exact).max() < 0.05


def test_a_region_that_one_side_lacks_keeps_its_colours():
    photo = np.random.default_rng(0).random((8, 9, 3))
    labels = np.zeros((8, 9), np.uint8)
    matched = match_colours(photo, labels, photo, np.ones((8, 9), np.uint8), 1)
    np.testing.assert_allclose(matched.image, photo, atol=1e-6)
