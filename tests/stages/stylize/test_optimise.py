import pytest
import torch

from stages.stylize.optimise import DivergedError, Method, minimise

LBFGS = Method("lbfgs", learning_rate=0.1, tolerance=0)
ADAM = Method("adam", learning_rate=0.1, tolerance=0)


def quadratic(x, target):
    scales = torch.tensor([1.0, 10.0, 0.1])
    return {"fit": (scales * (x - target).square()).sum()}


@pytest.mark.parametrize(("method", "evaluations"), [(LBFGS, 40), (ADAM, 400)])
def test_finds_the_minimum(method, evaluations):
    x, target = torch.zeros(3, requires_grad=True), torch.tensor([1.0, -2.0, 3.0])
    losses, used = minimise(
        x, lambda: quadratic(x, target), evaluations, method, size=1, done=0, total=1, on_iterate=None
    )
    assert used <= evaluations
    assert losses["fit"] < 1e-4
    torch.testing.assert_close(x.detach(), target, rtol=0, atol=0.05)


def test_every_evaluation_is_told_and_the_best_iterate_kept():
    x, target, told = torch.full((3,), 5.0, requires_grad=True), torch.zeros(3), []
    noisy = Method("adam", learning_rate=3.0, tolerance=0)  # leaps over the minimum
    losses, used = minimise(
        x, lambda: quadratic(x, target), 25, noisy, size=7, done=10, total=50, on_iterate=told.append
    )
    assert [i.step for i in told] == list(range(11, 36))
    assert {i.size for i in told} == {7}
    assert {i.total for i in told} == {50}
    assert used == 25
    assert losses["fit"] == min(i.loss for i in told)
    assert quadratic(x.detach(), target)["fit"].item() == losses["fit"]
    assert told[-1].loss > losses["fit"]


def test_stops_when_it_stalls():
    x = torch.ones(3, requires_grad=True)
    flat = Method("adam", learning_rate=1e-9, tolerance=1e-3)
    _, used = minimise(x, lambda: quadratic(x, torch.zeros(3)), 500, flat, size=1, done=0, total=1, on_iterate=None)
    assert used == 11


def test_nan_is_an_error_that_says_where():
    x = torch.ones(3, requires_grad=True)
    calls = []

    def losses():
        calls.append(1)
        return {"fine": x.sum(), "broken": x.sum() * (float("nan") if len(calls) == 3 else 1)}

    with pytest.raises(DivergedError, match=r"nan at evaluation 103, size 64.*'broken': nan"):
        minimise(x, losses, 10, ADAM, size=64, done=100, total=200, on_iterate=None)
