import subprocess
import sys

import numpy as np
import psutil
import pytest

from stages.smooth import smooth
from stages.smooth.matting_laplacian import matting_stencil
from stages.smooth.solvers.cholesky import GridAnalysis, GridCholesky
from stages.smooth.solvers.pardiso import GridPardiso
from tests.stages.smooth.factors import assembled, has_mkl, needs_mkl
from tests.stages.smooth.references import noisy, photo_like


@pytest.mark.skipif(has_mkl(), reason="MKL is here")
def test_without_mkl_says_what_to_install():
    with pytest.raises(ModuleNotFoundError, match=r"`pardiso` needs Intel's MKL.*: pip install 'photostyle\[mkl\]'"):
        smooth(photo_like(10, 12), noisy(10, 12), 0.1, solver="pardiso")


def test_is_not_imported_before_it_is_chosen():
    script = (
        "import sys, numpy as np; from stages.smooth import smooth; x = np.random.rand(9, 9, 3); smooth(x, x, 0.1); "
        "assert 'stages.smooth.pardiso' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@needs_mkl
@pytest.mark.parametrize("integer", [np.int32, np.int64])
@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 20), (13, 4), (40, 57)])
def test_agrees_with_cholmod_at_one_lambda_after_another(height, width, integer):
    analysis = GridAnalysis(height, width)
    stencil, b = matting_stencil(photo_like(height, width)), noisy(3, height * width)[..., 0].reshape(3, height, width)
    cholmod = GridCholesky(analysis)
    cholmod.assemble(stencil)
    indptr, indices, source = analysis.sparsity
    analysis.sparsity = analysis.sparsity._replace(indptr=indptr.astype(integer), indices=indices.astype(integer))
    pardiso = GridPardiso(analysis)
    pardiso.assemble(stencil)
    for lam in (1e-3, 1.0, 1e-3):
        for factor in (cholmod, pardiso):
            factor.factorise(lam)
        np.testing.assert_allclose(lam * pardiso.solve(b), lam * cholmod.solve(b), atol=1e-11)
    assert len(source) == len(indices)


@needs_mkl
def test_gives_its_memory_back():
    analysis, stencil = GridAnalysis(120, 160), matting_stencil(noisy(120, 160))

    def factored() -> int:
        assembled("pardiso", analysis, stencil).factorise(0.1)
        return int(psutil.Process().memory_info().rss)

    before = [factored() for _ in range(3)][-1]
    assert [factored() for _ in range(10)][-1] - before < 100e6  # ten of them hold 300 MB
