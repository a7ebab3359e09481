from dataclasses import replace

import numpy as np
import pytest

from stages.segment import Regions
from stages.smooth.target import BLACK, OUTSIDE, find_target
from tests.stages.smooth.references import noisy, photo_like


def test_it_is_the_anchor_where_nothing_was_changed():
    content, a = photo_like(30, 40), noisy(30, 40, seed=1)
    np.testing.assert_allclose(find_target(a, a, content, emphasis=1.0), a, atol=1e-6)


def test_light_and_colour_that_are_the_same_everywhere_are_taken_whole():
    content, a = photo_like(30, 40), 0.2 + 0.5 * noisy(30, 40, seed=1)
    y = (a + BLACK) * (0.7, 0.9, 1.3) - BLACK
    np.testing.assert_allclose(find_target(y, a, content, emphasis=1.0), y, atol=1e-6)


def test_light_that_changes_where_the_content_has_an_edge_is_taken_there():
    content = np.full((120, 160, 3), 0.2)
    content[:, 80:] = 0.7
    y = content * np.where(np.arange(160) < 80, 0.5, 1.2)[None, :, None]
    target = find_target(y, content, content, emphasis=1.0)
    np.testing.assert_allclose(target[:, 10:70], y[:, 10:70], atol=0.01)
    np.testing.assert_allclose(target[:, 90:150], y[:, 90:150], atol=0.01)


def test_it_is_taken_so_many_times():
    content, a = photo_like(30, 40), np.full((30, 40, 3), 0.3)
    target = find_target(0.9 * (a + BLACK) - BLACK, a, content, emphasis=2.0)
    np.testing.assert_allclose(target, 0.9**2 * (a + BLACK) - BLACK, atol=1e-6)
    np.testing.assert_allclose(find_target(0.5 * a, a, content, emphasis=0.0), a, atol=1e-6)


def test_what_gets_brighter_by_that_does_not_burn_out():
    content = photo_like(30, 40)
    for a, least, most in ((0.05, 1.1, 1.2), (0.5, 1.05, 1.15), (0.8, 0.99, 1.05)):
        anchor, y = np.full((30, 40, 3), a), np.full((30, 40, 3), 1.2 * (a + BLACK) - BLACK)
        again = (find_target(y, anchor, content, emphasis=2.0) + BLACK) / (y + BLACK)
        assert least < again.min() <= again.max() < most
    white = np.ones((30, 40, 3))
    assert find_target(white, 0.8 * white, content, emphasis=5.0).max() < 1.1


def test_colour_is_taken_by_the_root():
    content, a = photo_like(30, 40), np.full((30, 40, 3), 0.3)
    colour = np.array([0.2, -0.1, 0.1]) - np.array([0.2, -0.1, 0.1]) @ (0.299, 0.587, 0.114)
    y = np.exp(colour) * (a + BLACK) - BLACK
    for emphasis in (0.0, 1.0, 4.0):
        expected = np.exp(emphasis**0.5 * colour) * (a + BLACK) - BLACK
        np.testing.assert_allclose(find_target(y, a, content, emphasis), expected, atol=1e-6)


def test_texture_painted_on_an_even_wall_is_left_out():
    content = np.full((200, 300, 3), 0.5)
    rows, columns = np.mgrid[:200, :300]
    painted = 0.5 + 0.15 * np.sign(np.sin(rows / 3) * np.sin(columns / 3))[..., None] * np.ones(3)
    target = find_target(painted, content, content, emphasis=1.0)
    assert np.ptp(target) < 0.1 * np.ptp(painted)


def test_black_stays_black_and_nothing_goes_far_outside():
    content, a = photo_like(30, 40), noisy(30, 40, seed=1)
    a[:10] = 0
    np.testing.assert_allclose(find_target(0.5 * a, a, content, emphasis=1.0)[:5], 0, atol=0.03)
    bright = find_target(np.ones_like(a), a, content, emphasis=1.0)
    assert bright.min() >= -OUTSIDE
    assert bright.max() <= 1 + OUTSIDE


def test_a_grey_pair_of_images_has_a_grey_target():
    content = photo_like(30, 40)
    a, y = (np.repeat(noisy(30, 40, seed)[..., :1], 3, axis=2) for seed in (1, 2))
    assert np.ptp(find_target(y, a, content, emphasis=1.0), axis=2).max() < 1e-6


@pytest.mark.parametrize("wrong", ["stylized", "anchor"])
def test_another_shape_is_refused(wrong):
    content = photo_like(10, 12)
    images = {"stylized": content, "anchor": content} | {wrong: content[1:]}
    with pytest.raises(ValueError, match=rf"{wrong}: \(9, 12\), the content is \(10, 12\)"):
        find_target(**images, content=content, emphasis=1.0)


def test_no_light_goes_over_a_border_that_fog_hides():
    content, a = np.full((60, 80, 3), 0.5), np.full((60, 80, 3), 0.4)
    labels = np.repeat([0, 1], 40)[None].repeat(60, axis=0).astype(np.uint8)
    y = np.where(labels[..., None] == 1, 0.5, 1.2) * (a + BLACK) - BLACK
    near, drawn = np.s_[:, 30:36], Regions(labels, labels, 2)
    apart, together, found = (
        find_target(y, a, content, 1.0, given) for given in (drawn, None, replace(drawn, sure=False))
    )
    np.testing.assert_array_equal(found, together)  # whose borders are not trusted
    assert np.abs(apart[near] - y[near]).max() < np.abs(together[near] - y[near]).max() / 2
    np.testing.assert_allclose(apart[:, :20], y[:, :20], atol=0.01)
