"""Carrying a solved small image up: exact where it can be, the same in bands as at once, and never a blur."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.smooth import upsample
from stages.smooth.pyramid import doubled, halved, window_sums
from stages.smooth.solve import smooth
from stages.smooth.upsampling import BAND, ColourMaps


def texture(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """Two halves of different colours, each with grain at the size of a pixel and coarser."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.random((-(-height // 4), -(-width // 4), 3)), np.ones((4, 4, 1)))[:height, :width]
    image = 0.3 + 0.2 * coarse + 0.1 * rng.random((height, width, 3))
    image[:, width // 2 :] += (0.3, 0.1, -0.2)
    return image.astype(np.float32)


def averaged(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    height, width, _ = image.shape
    return image.reshape(height // factor, factor, width // factor, factor, 3).mean((1, 3)).astype(np.float32)


def whole(content: NDArray[np.float32], solved: NDArray[np.float32], photo: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate(list(upsample(content, solved, photo)))


A = np.array([[0.9, 0.2, -0.1], [0.1, 0.7, 0.1], [-0.2, 0.1, 1.1]])
B = np.array([0.05, -0.02, 0.1])


def test_an_affine_map_of_the_small_content_is_that_map_of_the_photo() -> None:
    photo = texture(160, 240)
    content = averaged(photo, 4)
    result = whole(content, (content @ A.T + B).astype(np.float32), photo)
    assert np.abs(result - (photo @ A.T + B)).max() < 0.02  # but for epsilon
    assert np.abs(result - (photo @ A.T + B)).mean() < 0.002


def test_at_its_own_size_the_result_is_the_solved_image() -> None:
    content = texture(40, 60)
    solved = smooth(content, np.clip(content[..., ::-1] ** 2, 0, 1), 0.1).image
    assert np.abs(whole(content, solved, content) - solved).max() < 1e-6


def test_where_the_content_is_flat_detail_passes_as_it_is() -> None:
    content = np.full((20, 30, 3), 0.5, np.float32)
    grain = np.random.default_rng(1).normal(0, 0.01, (80, 120, 3)).astype(np.float32)
    result = whole(content, np.full_like(content, 0.8), content.repeat(4, 0).repeat(4, 1) + grain)
    assert np.abs(result - 0.8 - grain).max() < 1e-6


def test_what_changes_with_the_place_alone_does_not_become_a_slope() -> None:
    """A sky nearly flat, whose new look changes over the image: its grain must not be magnified."""
    y, x = np.mgrid[0:150, 0:200].astype(np.float32)
    content = np.stack([0.5 + 0.02 * y / 150, 0.6 + 0.02 * y / 150, 0.8 + 0.01 * y / 150], axis=2).astype(np.float32)
    solved = np.stack([0.3 + 0.4 * y / 150, 0.5 + 0.2 * x / 200, 0.7 - 0.3 * y / 150], axis=2).astype(np.float32)
    slopes = ColourMaps(content, solved).maps[..., :9].reshape(150, 200, 3, 3)
    assert np.linalg.norm(slopes, 2, axis=(2, 3))[5:-5, 5:-5].max() < 1.5


def test_it_is_far_nearer_to_the_exact_solution_than_an_enlargement() -> None:
    photo = texture(160, 240, seed=3)
    look = np.clip(photo @ A.T + B + 0.2 * np.sin(np.linspace(0, 3, 240))[None, :, None] * photo, 0, 1)
    exact = smooth(photo, look.astype(np.float32), 0.1).image
    content = averaged(photo, 4)
    solved = smooth(content, averaged(look.astype(np.float32), 4), 0.1).image
    error = np.abs(whole(content, solved, photo) - exact).mean()
    enlarged = np.abs(solved.repeat(4, 0).repeat(4, 1) - exact).mean()
    assert error < 0.25 * enlarged


@given(st.integers(3, 40), st.integers(3, 40), st.integers(0, 300), st.integers(0, 90), st.data())
def test_in_bands_it_is_what_it_is_at_once_to_the_last_bit(
    height: int, width: int, taller: int, wider: int, data: st.DataObject
) -> None:
    content, solved = texture(height, width, seed=1), texture(height, width, seed=2)
    photo = texture(height + taller, width + wider, seed=3)
    maps = ColourMaps(content, solved)
    at_once = maps.apply(photo, 0, len(photo))
    cut = data.draw(st.integers(0, len(photo)))
    parts = [maps.apply(photo[:cut], 0, len(photo)), maps.apply(photo[cut:], cut, len(photo))]
    assert np.array_equal(np.concatenate(parts), at_once)
    bands = list(upsample(content, solved, photo))
    assert [len(band) for band in bands[:-1]] == [BAND] * (len(bands) - 1)
    assert np.array_equal(np.concatenate(bands), at_once)


def test_what_does_not_fit_is_refused() -> None:
    content, photo = texture(20, 30), texture(80, 120)
    with pytest.raises(ValueError, match=r"solved: shape \(20, 29, 3\), the content's is \(20, 30, 3\)"):
        upsample(content, content[:, :-1], photo)
    with pytest.raises(ValueError, match=r"photo: shape \(19, 120, 3\) is smaller than its small version"):
        upsample(content, content, photo[:19])
    with pytest.raises(TypeError, match="photo: values are uint8"):
        upsample(content, content, (photo * 255).astype(np.uint8))
    with pytest.raises(ValueError, match="solved: 1 of 1800 values are not finite"):
        upsample(content, np.where(np.arange(1800).reshape(20, 30, 3) == 7, np.nan, content), photo)


def test_the_pyramid_against_loops() -> None:
    values = np.random.default_rng(0).random((5, 6, 2))
    assert np.allclose(halved(values)[1, 2], values[2:4, 4:6].sum((0, 1)))
    assert np.allclose(halved(values)[2, 0], values[4, 0:2].sum(0))
    assert halved(values).shape == (3, 3, 2)
    assert np.allclose(halved(values).sum((0, 1)), values.sum((0, 1)))
    assert np.allclose(window_sums(values)[0, 0], values[:2, :2].sum((0, 1)))
    assert np.allclose(window_sums(values)[2, 3], values[1:4, 2:5].sum((0, 1)))
    ramp = np.mgrid[0:5, 0:6].sum(0)[..., None].astype(float)
    assert doubled(ramp).shape == (10, 12, 1)
    assert np.allclose(doubled(ramp)[2, 3], 0.75 + 1.25)
    assert np.allclose(doubled(ramp)[0, 0], 0)
