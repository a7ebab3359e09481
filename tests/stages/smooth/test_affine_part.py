import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.smooth.affine_part import EPSILON, affine_part
from tests.stages.smooth.test_anchored import noisy, photo_like


@settings(max_examples=20)
@given(st.integers(3, 40), st.integers(3, 40), st.integers(1, 40), st.integers(0, 1000))
def test_the_same_change_everywhere_comes_back(height, width, cells, seed):
    shift = np.random.default_rng(seed).uniform(-0.3, 0.3, 3)
    part = affine_part(np.broadcast_to(shift, (height, width, 3)), photo_like(height, width, seed), cells)
    np.testing.assert_allclose(part, np.broadcast_to(shift, part.shape), atol=1e-9)


def test_an_affine_map_of_a_colourful_photo_comes_back():
    content = np.random.default_rng(0).random((60, 80, 3))  # variance 1/12, against an epsilon of 1e-3
    change = content @ np.array([[0.3, 0.1, 0.0], [0.0, -0.2, 0.1], [0.1, 0.0, 0.2]]) - 0.1
    np.testing.assert_allclose(affine_part(change, content, 22), change, atol=0.01)


@settings(max_examples=20)
@given(st.integers(3, 20), st.integers(3, 20), st.integers(0, 1000))
def test_one_map_of_the_whole_image_is_ridge_regression(height, width, seed):
    content, change = np.random.default_rng(seed).random((2, height, width, 3))
    c, r = content.reshape(-1, 3), change.reshape(-1, 3)
    centred = c - c.mean(axis=0)
    A = np.linalg.solve(centred.T @ centred / len(c) + EPSILON * np.eye(3), centred.T @ (r - r.mean(axis=0)) / len(c))
    expected = r.mean(axis=0) + centred @ A
    np.testing.assert_allclose(affine_part(change, content, 1).reshape(-1, 3), expected, atol=1e-9)


def test_texture_painted_on_what_is_even_is_left_out():
    content = np.full((120, 160, 3), 0.5)
    content[:, 80:] = 0.2
    rng = np.random.default_rng(0)
    blobs = np.kron(rng.uniform(-0.2, 0.2, (15, 20, 3)), np.ones((8, 8, 1)))
    change = blobs + np.where(content == 0.5, 0.1, -0.1)
    part = affine_part(change, content, 22)
    for half in (part[:, :60], part[:, 100:]):
        assert half.std(axis=(0, 1)).max() < 0.1 * blobs.std()
    assert part[:, :60].mean() == pytest.approx(change[:, :60].mean(), abs=0.02)
    assert part[:, 100:].mean() == pytest.approx(change[:, 100:].mean(), abs=0.02)


def test_colours_stay_within_the_span_of_the_change():
    content, grey = photo_like(40, 50), np.repeat(noisy(40, 50)[..., :1] - 0.5, 3, axis=2)
    assert np.ptp(affine_part(grey, content, 22), axis=2).max() < 1e-9


def test_another_shape_is_refused():
    content = photo_like(10, 12)
    with pytest.raises(ValueError, match=r"change: \(9, 12\), the content's is \(10, 12\)"):
        affine_part(content[1:], content, 22)
