from itertools import product

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pymatting import cf_laplacian

from stages.smooth import affine_energy
from stages.smooth.matting_laplacian import apply_stencil, matting_laplacian, matting_stencil
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like

SIZES = list(product(range(3, 7), range(3, 8)))
EPSILON = 1e-7


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("epsilon", [1e-7, 1e-3])
def test_is_the_formula(height, width, epsilon):
    image = noisy(height, width, seed=height * 10 + width)
    laplacian = matting_laplacian(image, epsilon)
    assert laplacian.has_canonical_format
    np.testing.assert_allclose(laplacian.toarray(), dense_laplacian(image, epsilon), atol=1e-10)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (17, 33), (40, 31)])
def test_agrees_with_pymatting(height, width):
    image = noisy(height, width)
    oracle = cf_laplacian(image, EPSILON)
    oracle.sum_duplicates()  # pymatting pads border rows with repeated zeros
    oracle.eliminate_zeros()
    ours = matting_laplacian(image, EPSILON)
    assert ours.nnz == oracle.nnz
    assert abs(ours - oracle).max() < 1e-9


def test_has_25_entries_a_row_inside_and_fewer_at_the_border():
    entries = np.diff(matting_laplacian(noisy(7, 9)).indptr).reshape(7, 9)
    assert (entries[2:-2, 2:-2] == 25).all()
    assert entries[0, 0] == 9
    assert entries[1, 0] == 12
    assert entries[1, 1] == 16
    assert entries[0, 4] == 15


def test_is_symmetric_to_the_last_bit():
    laplacian = matting_laplacian(photo_like(20, 30))
    assert abs(laplacian - laplacian.T).max() == 0


def test_bands_of_rows_meet_without_a_seam():
    image = noisy(70, 4)  # three bands of 32 rows
    np.testing.assert_allclose(matting_laplacian(image).toarray(), dense_laplacian(image, EPSILON), atol=1e-10)


@pytest.mark.parametrize("image", [noisy(12, 15), photo_like(24, 30)])
def test_affine_functions_of_colour_are_its_null_space(image):
    laplacian = matting_laplacian(image, 1e-9)
    rng = np.random.default_rng(1)
    recoloured = image @ rng.normal(size=(3, 3)) + rng.normal(size=3)
    assert affine_energy(laplacian, recoloured) < 1e-6
    assert affine_energy(laplacian, recoloured + rng.normal(0, 0.01, image.shape)) > 1e-4
    assert np.abs(laplacian.sum(axis=1)).max() < 1e-12


def windows_of_colours() -> st.SearchStrategy:
    """Small images that are flat, saturated, grey, quantised or noisy, in any mixture."""
    values = st.sampled_from([0.0, 1.0, 0.5, 1 / 255, 128 / 255, 0.5 + 1e-9]) | st.floats(0, 1)
    shapes = st.tuples(st.integers(3, 7), st.integers(3, 7), st.just(3))
    return shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=values))


@settings(max_examples=60, deadline=None)
@given(windows_of_colours(), st.sampled_from([1e-10, 1e-7, 1e-3]))
def test_is_semidefinite_and_its_rows_sum_to_zero(image, epsilon):
    dense = matting_laplacian(image, epsilon).toarray()
    assert np.linalg.eigvalsh(dense).min() > -1e-12
    assert np.abs(dense.sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_flat_image_has_the_laplacian_of_its_windows(value):
    flat = np.full((5, 6, 3), value)
    np.testing.assert_allclose(matting_laplacian(flat).toarray(), dense_laplacian(flat, EPSILON), atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 8), (9, 4), (21, 35)])
def test_the_stencil_multiplies_as_the_matrix_does(height, width):
    image, x = photo_like(height, width), np.random.default_rng(2).normal(size=(3, height, width))
    expected = (matting_laplacian(image) @ x.reshape(3, -1).T).T.reshape(x.shape)
    np.testing.assert_allclose(apply_stencil(matting_stencil(image), x), expected, atol=1e-12)


def test_does_not_depend_on_the_number_of_threads():
    image, x = photo_like(60, 70), np.random.default_rng(3).normal(size=(3, 60, 70))
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        stencil = matting_stencil(image)
        results.append((stencil, apply_stencil(stencil, x)))
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])


def test_takes_float32_as_the_same_numbers():
    image = photo_like(10, 11).astype(np.float32)
    assert np.array_equal(matting_stencil(image), matting_stencil(image.astype(np.float64)))


def test_affine_energy_is_the_quadratic_form_over_the_pixels():
    content, image = noisy(6, 7, seed=4), noisy(6, 7, seed=5)
    dense = dense_laplacian(content, EPSILON)
    expected = sum(image[..., c].ravel() @ dense @ image[..., c].ravel() for c in range(3)) / 42
    assert affine_energy(matting_laplacian(content), image) == pytest.approx(expected, rel=1e-9)


def test_affine_energy_refuses_another_size():
    with pytest.raises(ValueError, match=r"the image has 20 pixels, the Laplacian's content 12"):
        affine_energy(matting_laplacian(noisy(3, 4)), noisy(4, 5))


@pytest.mark.parametrize("epsilon", [0.0, -1e-7, 2.0, float("nan"), float("inf")])
def test_refuses_an_epsilon_out_of_range(epsilon):
    with pytest.raises(ValueError, match=rf"epsilon is {epsilon}, expected a number from 1e-12 to 1"):
        matting_laplacian(noisy(3, 3), epsilon)
