import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stages.smooth import NotConvergedError, smooth
from stages.smooth.matting_laplacian import matting_stencil
from stages.smooth.solvers import conjugate_gradients
from stages.smooth.solvers.conjugate_gradients import TOLERANCE, GridConjugateGradients
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like

PAIRS = Path(__file__).parents[5] / "shared" / "paper_pairs"


def planes(image, dtype):
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (4, 7), (12, 9), (21, 26)])
@pytest.mark.parametrize("lam", [1e-6, 1e-3, 1.0])
def test_is_the_dense_solution_to_the_stated_tolerance(height, width, lam):
    content, stylized = noisy(height, width, seed=1), noisy(height, width, seed=2)
    dense = dense_laplacian(content, 1e-7) + lam * np.eye(height * width)
    expected = np.linalg.solve(dense, lam * stylized.reshape(-1, 3)).reshape(stylized.shape)
    smoothed = smooth(content, stylized, lam, solver="cg")
    assert smoothed.residual <= TOLERANCE
    error = np.linalg.norm(smoothed.image - expected, axis=(0, 1)) / np.linalg.norm(stylized, axis=(0, 1))
    assert error.max() < 1.1 * TOLERANCE  # and float32's rounding


@pytest.mark.parametrize("content", [np.zeros((40, 50, 3)), np.ones((40, 50, 3)), noisy(40, 50).round()])
@pytest.mark.parametrize("lam", [1e-7, 1e-3, 1e-1])
def test_flat_and_saturated_images_converge(content, lam):
    assert smooth(content, noisy(40, 50), lam, solver="cg").residual <= TOLERANCE


@pytest.mark.parametrize("lam", [1e-7, 1e-4, 1e-1])
def test_gives_what_the_factor_gives(lam):
    content, stylized = photo_like(120, 90), noisy(120, 90)
    by_factor, iterated = (smooth(content, stylized, lam, solver=solver) for solver in ("cholesky", "cg"))
    assert np.linalg.norm(by_factor.image - iterated.image) < 2 * TOLERANCE * np.linalg.norm(stylized)


def test_the_preconditioner_is_symmetric_and_positive():
    content = photo_like(40, 30)
    system = GridConjugateGradients(planes(content, np.float32))
    system.assemble(matting_stencil(content))
    system.factorise(1e-2)
    a, b = np.random.default_rng(0).normal(size=(2, 1, 40, 30)).astype(np.float32)
    ab, ba = np.vdot(a, system.precondition(b)), np.vdot(b, system.precondition(a))
    assert ab == pytest.approx(ba, rel=1e-3)
    assert np.vdot(a, system.precondition(a)) > 0


def test_iterations_hardly_grow_with_the_image():
    counts = []
    for scale in (1, 3):
        content, stylized = photo_like(60 * scale, 80 * scale), noisy(60 * scale, 80 * scale)
        told: list[tuple[int, float]] = []
        smooth(content, stylized, 1e-3, solver="cg", on_residual=lambda *facts, told=told: told.append(facts))
        assert [number for number, _ in told] == list(range(len(told)))
        assert told[-1][1] <= TOLERANCE < told[-2][1]
        counts.append(len(told))
    assert counts[1] < 1.5 * counts[0]
    assert counts[1] < 80


def test_a_black_channel_stays_black():
    stylized = noisy(40, 30)
    stylized[..., 1] = 0
    assert (smooth(photo_like(40, 30), stylized, 1e-3, solver="cg").image[..., 1] == 0).all()


def test_not_converged_is_an_error_with_the_residual_reached(monkeypatch):
    monkeypatch.setattr(conjugate_gradients, "LIMIT", 3)
    with pytest.raises(
        NotConvergedError, match=r"reached a relative residual of \d\.\de-\d\d in 3 iterations .* 1e-06 was"
    ):
        smooth(photo_like(60, 80), noisy(60, 80), 1e-5, solver="cg")


def test_does_not_depend_on_the_number_of_threads():
    script = """
import sys, numpy as np
from stages.smooth import smooth
rng = np.random.default_rng(0)
sys.stdout.buffer.write(smooth(rng.random((90, 70, 3)), rng.random((90, 70, 3)), 1e-4, solver="cg").image.tobytes())
"""
    hashes = set()
    for threads in ("1", "2"):
        limits = {"NUMBA_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        result = subprocess.run(
            [sys.executable, "-c", script], env=os.environ | limits, capture_output=True, check=True
        )
        assert len(result.stdout) == 90 * 70 * 3 * 4
        hashes.add(hashlib.sha256(result.stdout).hexdigest())
    assert len(hashes) == 1


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the paper's pairs are not beside this checkout")
@pytest.mark.parametrize("pair", ["04", "33"])
@pytest.mark.parametrize("lam", [1e-7, 1e-1])
def test_converges_on_real_photographs(pair, lam):
    content, stylized = (
        np.asarray(Image.open(path).convert("RGB").resize((350, 230))) / 255
        for path in (PAIRS / pair / "content.png", next((PAIRS / pair).glob("style.*")))
    )
    assert smooth(content, stylized, lam, solver="cg").residual <= TOLERANCE
