from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from stages.smooth import NotEnoughMemoryError, Smoother
from stages.smooth.solvers import cholesky, conjugate_gradients
from stages.smooth.solvers.choice import bytes_by_solver, choose_solver
from tests.stages.smooth.references import noisy, photo_like

FACTOR = cholesky.estimated_bytes(1500, 2000)
GRADIENTS = conjugate_gradients.estimated_bytes(1500, 2000)


def with_free(monkeypatch, free):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))


def test_conjugate_gradients_take_a_fraction_of_the_factors_memory():
    assert GRADIENTS < FACTOR / 3
    assert conjugate_gradients.estimated_bytes(3000, 4000) < 8e9


def test_the_factor_as_long_as_memory_holds_it(monkeypatch):
    with_free(monkeypatch, FACTOR)
    choice = choose_solver(1500, 2000, "auto")
    assert choice[:2] == ("cholesky", FACTOR)
    assert choice.why.startswith("Cholesky factor: ")
    with_free(monkeypatch, FACTOR - 1)
    choice = choose_solver(1500, 2000, "auto")
    assert choice[:2] == ("cg", GRADIENTS)
    assert choice.why.startswith("conjugate gradients: a Cholesky factor would need ")


def test_what_is_asked_for_is_taken(monkeypatch):
    with_free(monkeypatch, FACTOR)
    assert choose_solver(1500, 2000, "cg").why == "conjugate gradients: as asked"
    assert choose_solver(1500, 2000, "cholesky").why == "Cholesky factor: as asked"
    pardiso = bytes_by_solver(1500, 2000)["pardiso"]
    with_free(monkeypatch, pardiso)
    assert choose_solver(1500, 2000, "pardiso") == ("pardiso", pardiso, "MKL's PARDISO: as asked")


def test_pardiso_is_never_chosen_by_itself(monkeypatch):
    for free in (GRADIENTS, FACTOR, 100 * FACTOR):
        with_free(monkeypatch, free)
        assert choose_solver(1500, 2000, "auto").solver != "pardiso"


def test_memory_that_is_not_there_is_refused_with_advice(monkeypatch):
    with_free(monkeypatch, GRADIENTS)
    for asked, name in (("cholesky", "Cholesky factor"), ("pardiso", "MKL's PARDISO")):
        with pytest.raises(
            NotEnoughMemoryError, match=rf"needs about .* GB by {name}, .* free: .* or `cg` as the solver"
        ):
            choose_solver(1500, 2000, asked)
    with_free(monkeypatch, GRADIENTS // 4)
    for asked in ("auto", "cg"):
        with pytest.raises(
            NotEnoughMemoryError, match=r"1500 x 2000 pixels .* about (9\d\d|1000) pixels along its long"
        ):
            choose_solver(1500, 2000, asked)
    assert conjugate_gradients.estimated_bytes(740, 990) < GRADIENTS // 4  # so the advice is sound


def test_the_smoother_says_which_one_ran(monkeypatch):
    content, stylized = photo_like(40, 50), noisy(40, 50)
    smoothed = Smoother(content).solve(stylized, 0.1)
    assert smoothed.solver.startswith("Cholesky factor: ")
    factor, gradients = cholesky.estimated_bytes(40, 50), conjugate_gradients.estimated_bytes(40, 50)
    with_free(monkeypatch, (factor + gradients) // 2)
    if gradients < factor:
        iterated = Smoother(content).solve(stylized, 0.1)
        assert iterated.solver.startswith("conjugate gradients: a Cholesky factor would need ")
        np.testing.assert_allclose(iterated.image, smoothed.image, atol=1e-5)
