"""What protection does to colours, in numbers."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from stages.colour.oklab import from_oklab, to_oklab
from stages.people.protect import keep_hue

RNG = np.random.default_rng(2)
SKIN = np.clip(np.array([0.8, 0.6, 0.5]) * RNG.uniform(0.6, 1.1, (30, 40, 1)) + RNG.normal(0, 0.02, (30, 40, 3)), 0, 1)
BLUE = np.clip(SKIN * [0.6, 0.8, 1.5], 0, 1)
ALL = np.ones((30, 40), np.float32)


def test_oklab_is_ottosson_s() -> None:
    """The values of his own page for red, and of white and black."""
    np.testing.assert_allclose(to_oklab(np.array([1.0, 0, 0])), [0.627955, 0.224863, 0.125846], atol=1e-4)
    np.testing.assert_allclose(to_oklab(np.eye(3)[:1] * 0 + 1), [[1, 0, 0]], atol=1e-4)
    colours = RNG.random((100, 3))
    np.testing.assert_allclose(from_oklab(to_oklab(colours)), colours, atol=2e-4)


def test_without_a_share_or_a_mask_nothing_changes() -> None:
    result = BLUE.astype(np.float32)
    np.testing.assert_array_equal(keep_hue(SKIN, result, ALL, 0), result)
    half = ALL.copy()
    half[:, 20:] = 0
    np.testing.assert_array_equal(keep_hue(SKIN, result, half, 1)[:, 20:], result[:, 20:])


def test_the_more_is_kept_the_nearer_the_skin_is_and_its_light_is_the_result_s() -> None:
    off = []
    for share in (0, 0.35, 0.7, 1):
        kept = keep_hue(SKIN, BLUE, ALL, share)
        lab = rgb2lab(kept)
        lab[..., 0] = rgb2lab(SKIN)[..., 0]
        off.append(deltaE_ciede2000(rgb2lab(SKIN), lab).mean())
        assert np.abs(to_oklab(kept) - to_oklab(BLUE))[..., 0].max() < 2e-3
    assert off[0] > off[1] > off[2] > off[3]
    assert off[2] < 0.55 * off[0]


def test_the_hue_itself_is_the_content_s_in_the_end() -> None:
    kept, own = to_oklab(keep_hue(SKIN, BLUE, ALL, 1)), to_oklab(SKIN)
    angle = np.arctan2(kept[..., 2], kept[..., 1]) - np.arctan2(own[..., 2], own[..., 1])
    assert np.abs(np.degrees(angle)).max() < 1


def test_black_and_white_stays_black_and_white() -> None:
    grey = np.repeat(SKIN.mean(axis=2, keepdims=True), 3, axis=2)
    np.testing.assert_allclose(keep_hue(SKIN, grey, ALL, 1), grey, atol=2e-3)


@pytest.mark.parametrize("share", [0.5, 1])
def test_whites_stay_whiter_than_in_the_result(share: float) -> None:
    white, orange = np.full((4, 4, 3), 0.9), np.tile([0.95, 0.75, 0.4], (4, 4, 1))
    before = np.hypot(*np.moveaxis(to_oklab(orange)[..., 1:], -1, 0))
    after = np.hypot(*np.moveaxis(to_oklab(keep_hue(white, orange, ALL[:4, :4], share))[..., 1:], -1, 0))
    np.testing.assert_allclose(after, (1 - share) * before, atol=2e-3)
