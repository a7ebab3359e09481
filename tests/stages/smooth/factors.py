"""The sparse factors that stage two can take, for the tests that each has to pass."""

import pytest

from stages.smooth.solvers.cholesky import GridCholesky
from stages.smooth.solvers.pardiso import GridPardiso, find_mkl


def has_mkl() -> bool:
    try:
        find_mkl()
    except ModuleNotFoundError:
        return False
    return True


needs_mkl = pytest.mark.skipif(not has_mkl(), reason="MKL is not here: pip install 'photostyle[mkl]'")
factors = pytest.mark.parametrize("solver", ["cholesky", pytest.param("pardiso", marks=needs_mkl)])
FACTORS: dict[str, type[GridCholesky] | type[GridPardiso]] = {"cholesky": GridCholesky, "pardiso": GridPardiso}


def assembled(solver, analysis, stencil):
    factor = FACTORS[solver](analysis)
    factor.assemble(stencil)
    return factor
