import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from stages.smooth import NotPositiveDefiniteError, estimated_bytes
from stages.smooth.cholesky import GridAnalysis, GridCholesky, grid_analysis
from stages.smooth.matting_laplacian import apply_stencil, matting_stencil
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like


@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 20), (13, 4), (40, 57)])
@pytest.mark.parametrize("lam", [1e-4, 1.0])
def test_finds_the_x_that_the_right_hand_side_was_made_of(height, width, lam):
    stencil = matting_stencil(photo_like(height, width))
    x = np.random.default_rng(0).normal(size=(3, height, width))
    cholesky = GridCholesky(grid_analysis(height, width), stencil)
    cholesky.factorise(lam)
    np.testing.assert_allclose(cholesky.solve(apply_stencil(stencil, x) + lam * x), x, atol=1e-9)


def test_one_analysis_serves_all_images_and_lambdas_of_a_size():
    analysis = grid_analysis(9, 12)
    assert grid_analysis(9, 12) is analysis
    b = np.random.default_rng(1).normal(size=(3, 9, 12))
    for seed in (1, 2):
        cholesky = GridCholesky(analysis, matting_stencil(noisy(9, 12, seed)))
        for lam in (1e-2, 1.0):
            cholesky.factorise(lam)
            expected = np.linalg.solve(
                dense_laplacian(noisy(9, 12, seed), 1e-7) + lam * np.eye(108), b.reshape(3, -1).T
            )
            np.testing.assert_allclose(cholesky.solve(b).reshape(3, -1).T, expected, atol=1e-8)


def test_factors_of_one_analysis_do_not_disturb_each_other():
    analysis = GridAnalysis(10, 10)
    b = np.random.default_rng(2).normal(size=(3, 10, 10))
    first, second = (GridCholesky(analysis, matting_stencil(noisy(10, 10, seed))) for seed in (1, 2))
    first.factorise(0.1)
    before = first.solve(b)
    second.factorise(0.2)
    assert np.array_equal(first.solve(b), before)


def test_not_positive_definite_is_said_and_can_be_mended():
    cholesky = GridCholesky(grid_analysis(10, 12), matting_stencil(noisy(10, 12)))
    with pytest.raises(
        NotPositiveDefiniteError, match=r"not positive definite .* lambda = -0\.5 \(pivot \d+ of 120\).* 1e-8"
    ):
        cholesky.factorise(-0.5)
    cholesky.factorise(0.5)
    flat = np.ones((3, 10, 12))
    np.testing.assert_allclose(cholesky.solve(0.5 * flat), flat, atol=1e-9)


def test_leaves_the_threads_as_they_were():
    before = threadpool_info()
    cholesky = GridCholesky(grid_analysis(10, 12), matting_stencil(noisy(10, 12)))
    cholesky.factorise(1.0)
    assert threadpool_info() == before


def test_memory_that_runs_out_is_said():
    script = """
import resource, psutil
import numpy as np
from stages.smooth import NotEnoughMemoryError, Smoother
image = np.random.default_rng(0).random((300, 400, 3))
smoother = Smoother(image)
size = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (size + 40_000_000, resource.RLIM_INFINITY))
try:
    smoother.solve(image, 1e-2)
except NotEnoughMemoryError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(smoother.solve(image, 1e-2).residual < 1e-9)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    said, then = result.stdout.splitlines()
    assert said.startswith("CHOLMOD ran out of memory factoring 120000 pixels")
    assert then == "True"


def test_the_estimate_grows_a_little_faster_than_the_image():
    one, four = estimated_bytes(200, 300), estimated_bytes(400, 600)
    assert 4 < four / one < 5.5
