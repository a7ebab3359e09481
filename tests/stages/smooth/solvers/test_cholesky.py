import numpy as np
import pytest
from threadpoolctl import threadpool_info

from stages.smooth import estimated_bytes
from stages.smooth.matting_laplacian import apply_stencil, matting_stencil
from stages.smooth.solvers.cholesky import GridCholesky, grid_analysis
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like


@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 20), (13, 4), (40, 57)])
@pytest.mark.parametrize("lam", [1e-4, 1.0])
def test_finds_the_x_that_the_right_hand_side_was_made_of(height, width, lam):
    stencil = matting_stencil(photo_like(height, width))
    x = np.random.default_rng(0).normal(size=(3, height, width))
    cholesky = GridCholesky(grid_analysis(height, width))
    cholesky.assemble(stencil)
    cholesky.factorise(lam)
    np.testing.assert_allclose(cholesky.solve(apply_stencil(stencil, x) + lam * x), x, atol=1e-9)


def test_one_analysis_serves_all_images_and_lambdas_of_a_size():
    analysis = grid_analysis(9, 12)
    assert grid_analysis(9, 12) is analysis
    b = np.random.default_rng(1).normal(size=(3, 9, 12))
    for seed in (1, 2):
        cholesky = GridCholesky(analysis)
        cholesky.assemble(matting_stencil(noisy(9, 12, seed)))
        for lam in (1e-2, 1.0):
            cholesky.factorise(lam)
            expected = np.linalg.solve(
                dense_laplacian(noisy(9, 12, seed), 1e-7) + lam * np.eye(108), b.reshape(3, -1).T
            )
            np.testing.assert_allclose(cholesky.solve(b).reshape(3, -1).T, expected, atol=1e-8)


def test_leaves_the_threads_as_they_were():
    before = threadpool_info()
    cholesky = GridCholesky(grid_analysis(10, 12))
    cholesky.assemble(matting_stencil(noisy(10, 12)))
    cholesky.factorise(1.0)
    assert threadpool_info() == before


def test_the_estimate_grows_a_little_faster_than_the_image():
    one, four = estimated_bytes(200, 300), estimated_bytes(400, 600)
    assert 4 < four / one < 5.5
