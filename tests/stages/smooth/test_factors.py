"""What every sparse factor has to do."""

import subprocess
import sys

import numpy as np
import pytest

from stages.smooth import NotPositiveDefiniteError
from stages.smooth.matting_laplacian import matting_stencil
from stages.smooth.solvers.cholesky import GridAnalysis
from tests.stages.smooth.factors import assembled, factors
from tests.stages.smooth.references import noisy

NAMES = {"cholesky": "CHOLMOD", "pardiso": "MKL's PARDISO"}


@factors
def test_factors_of_one_analysis_do_not_disturb_each_other(solver):
    analysis = GridAnalysis(10, 10)
    b = np.random.default_rng(2).normal(size=(3, 10, 10))
    first, second = (assembled(solver, analysis, matting_stencil(noisy(10, 10, seed))) for seed in (1, 2))
    first.factorise(0.1)
    before = first.solve(b)
    second.factorise(0.2)
    assert np.array_equal(first.solve(b), before)


@factors
def test_not_positive_definite_is_said_and_can_be_mended(solver):
    factor = assembled(solver, GridAnalysis(10, 12), matting_stencil(noisy(10, 12)))
    with pytest.raises(
        NotPositiveDefiniteError, match=r"not positive definite .* lambda = -0\.5 \(pivot \d+ of 120\).* 1e-8"
    ):
        factor.factorise(-0.5)
    factor.factorise(0.5)
    flat = np.ones((3, 10, 12))
    np.testing.assert_allclose(factor.solve(0.5 * flat), flat, atol=1e-9)


@factors
def test_memory_that_runs_out_is_said(solver):
    script = f"""
import resource, psutil
import numpy as np
from stages.smooth import NotEnoughMemoryError, Smoother
image = np.random.default_rng(0).random((300, 400, 3))
Smoother(image[:9, :9], solver="{solver}").solve(image[:9, :9], 1e-2)  # loads its library
smoother = Smoother(image, solver="{solver}")
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
    assert said.startswith(f"{NAMES[solver]} ran out of memory factoring 120000 pixels")
    assert then == "True"
