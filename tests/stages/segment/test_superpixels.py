"""Superpixels: where their outlines lie, and means over them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from stages.segment.superpixels import COUNT, averages, superpixels, touching


def scene() -> np.ndarray:
    """A bright disc before a dark ground, both grainy."""
    rng = np.random.default_rng(0)
    rows, columns = np.ogrid[:220, :350]
    photo = np.where((np.hypot(rows - 100, columns - 170) < 70)[..., None], [0.8, 0.7, 0.5], [0.2, 0.3, 0.4])
    return (photo + rng.normal(0, 0.02, photo.shape)).clip(0, 1).astype(np.float32)


def test_outlines_follow_the_photos_edges() -> None:
    photo = scene()
    bright, outlines = photo[..., 0] > 0.5, superpixels(photo)
    mixed = ndimage.mean(bright, outlines, np.arange(outlines.max() + 1))
    wrong = (mixed[outlines] > 0.5) != bright
    assert wrong.sum() < 2 * np.pi * 70  # one pixel along the outline


def test_they_are_numbered_in_one_piece_and_of_a_size() -> None:
    outlines = superpixels(scene())
    assert outlines.shape == (220, 350)
    sizes = np.bincount(outlines.ravel())
    assert COUNT / 2 < len(sizes) < 1.5 * COUNT
    assert sizes.min() > 0
    assert all(ndimage.label(outlines == k)[1] == 1 for k in range(0, len(sizes), 20))


@pytest.mark.parametrize("shape", [(32, 32), (40, 350), (33, 90)])
def test_flat_and_small_photos_do(shape: tuple[int, int]) -> None:
    outlines = superpixels(np.full((*shape, 3), 0.5, np.float32))
    assert outlines.shape == shape
    np.testing.assert_array_equal(np.unique(outlines), np.arange(outlines.max() + 1))


@settings(max_examples=20)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 9))
def test_which_touch_each_other(rows: int, columns: int, seed: int) -> None:
    outlines = np.random.default_rng(seed).integers(0, 4, (rows, columns))
    outlines = np.unique(outlines, return_inverse=True)[1].reshape(rows, columns)
    expected = np.zeros((outlines.max() + 1,) * 2, bool)
    for i, j in np.ndindex(rows, columns):
        for k, m in ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)):
            if 0 <= k < rows and 0 <= m < columns and outlines[i, j] != outlines[k, m]:
                expected[outlines[i, j], outlines[k, m]] = True
    np.testing.assert_array_equal(touching(outlines), expected)


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_averages_of_coarse_planes(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    outlines = rng.permutation(np.arange(20 * 30) % 7).reshape(20, 30)
    planes = rng.random((3, rows, columns))
    means = averages(planes, outlines)
    assert means.shape == (3, 7)
    assert means.min() >= planes.min() - 1e-9
    assert means.max() <= planes.max() + 1e-9
    np.testing.assert_allclose(averages(np.ones((1, rows, columns)), outlines), 1)


def test_averages_of_planes_of_the_photos_size_are_their_means() -> None:
    rng = np.random.default_rng(0)
    outlines, plane = rng.permutation(np.arange(24 * 30) % 5).reshape(24, 30), rng.random((24, 30))
    np.testing.assert_allclose(averages(plane[None], outlines)[0], ndimage.mean(plane, outlines, np.arange(5)))


def test_a_slope_stays_a_slope_between_the_cells() -> None:
    outlines = np.arange(40)[:, None].repeat(20, axis=1)  # each row a superpixel
    heights = averages(((np.arange(8) + 0.5) / 8)[None, :, None].repeat(5, axis=2), outlines)[0]
    np.testing.assert_allclose(heights[3:-3], (np.arange(40)[3:-3] + 0.5) / 40)
