"""L-BFGS against exact minimisers, against its definition as a recursion, and against SciPy's."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import optimize
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from stages.stylize.lbfgs import run_lbfgs


class OverError(Exception):
    """Enough evaluations."""


def descend(loss, x, evaluations, history=20):
    """Points, losses and gradients, evaluation by evaluation."""
    x = x.requires_grad_(True)
    points, values, gradients = [], [], []

    def evaluate(ask):
        if len(values) == evaluations:
            raise OverError
        value = loss(x)
        (gradient,) = torch.autograd.grad(value, x)
        value, *told = torch.cat([value.detach()[None], ask(gradient)]).tolist()
        points.append(x.detach().clone())
        values.append(value)
        gradients.append(gradient)
        return value, told

    with pytest.raises(OverError):
        run_lbfgs(x, evaluate, history)
    return points, values, gradients


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1].square()).square() + (1 - x[:-1]).square()).sum()


@pytest.fixture
def quadratic():
    """Half of |A x - b|^2, condition number 100, and where it is lowest."""
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.standard_normal((30, 30)))[0] for _ in range(2))
    A, b = U @ np.diag(np.geomspace(1, 10, 30)) @ V, rng.standard_normal(30)
    A_, b_ = torch.from_numpy(A), torch.from_numpy(b)
    return (lambda x: 0.5 * (A_.to(x) @ x - b_.to(x)).square().sum()), np.linalg.solve(A, b)


def test_it_finds_the_minimum_of_a_quadratic(quadratic, exact_device):
    loss, lowest = quadratic
    points, values, _ = descend(loss, torch.zeros(30, dtype=torch.float64, device=exact_device), 80)
    best = points[int(np.argmin(values))]
    np.testing.assert_allclose(best.cpu().numpy(), lowest, atol=1e-6)


def test_it_comes_near_the_minimum_of_a_quadratic_in_single_precision(quadratic, device):
    loss, lowest = quadratic
    points, values, _ = descend(loss, torch.zeros(30, device=device), 80)
    best = points[int(np.argmin(values))]
    np.testing.assert_allclose(best.cpu().numpy(), lowest, atol=1e-3)
    assert min(values) < 1e-6 * values[0]


@pytest.mark.parametrize("size", [2, 10, 40])
def test_it_follows_a_curved_valley(size):
    start = torch.full((size,), -1.2, dtype=torch.float64)
    points, values, _ = descend(rosenbrock, start, 80 + 5 * size)
    assert min(values) < 1e-9
    np.testing.assert_allclose(points[int(np.argmin(values))], np.ones(size), atol=1e-3)


@pytest.mark.parametrize("evaluations", [20, 40, 80])
@pytest.mark.parametrize("valley", [False, True])
def test_it_is_as_good_as_scipys(quadratic, evaluations, valley):
    """Or better, but for a fifth of the evaluations."""
    loss, start = (rosenbrock, np.full(40, -1.2)) if valley else (quadratic[0], np.zeros(30))
    seen = []

    def evaluate(x):
        x = torch.tensor(x, requires_grad=True)
        value = loss(x)
        seen.append(value.item())
        return seen[-1], torch.autograd.grad(value, x)[0].numpy()

    options = {"maxcor": 20, "maxfun": evaluations, "ftol": 0, "gtol": 0}
    optimize.minimize(evaluate, start, jac=True, method="L-BFGS-B", options=options)
    assert min(descend(loss, torch.from_numpy(start), evaluations)[1]) <= min(seen[: evaluations * 4 // 5])


def two_loops(gradient, pairs):
    """-H g by the recursion (Nocedal and Wright 2006, algorithm 7.4)."""
    q, alphas = gradient.clone(), []
    for s, y in reversed(pairs):
        alphas.append((s @ q) / (s @ y))
        q -= alphas[-1] * y
    s, y = pairs[-1]
    q *= (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q += s * (alpha - (y @ q) / (s @ y))
    return -q


@pytest.mark.parametrize("history", [1, 3, 20])
def test_each_direction_is_the_recursions(quadratic, history):
    points, values, gradients = descend(quadratic[0], torch.zeros(30, dtype=torch.float64), 30, history)
    taken = [k for k in range(29) if values[k] == min(values[: k + 1])]
    pairs = [(points[j] - points[k], gradients[j] - gradients[k]) for k, j in pairwise(taken)]
    assert len(pairs) > 20
    for count, k in enumerate(taken[1:], start=1):
        expected = two_loops(gradients[k], pairs[max(0, count - history) : count])
        torch.testing.assert_close(points[k + 1] - points[k], expected, rtol=1e-6, atol=1e-9)


def test_a_step_that_goes_too_far_is_shortened():
    """The lowest point of a parabola lies behind a wall."""

    def loss(x):
        return ((x - 2).square() + torch.exp(50 * (x - 0.9))).sum()

    _, values, _ = descend(loss, torch.full((3,), -1.0), 40)
    assert max(values) > 1e6
    lowest = optimize.minimize_scalar(lambda x: (x - 2) ** 2 + np.exp(50 * (x - 0.9)), bounds=(0, 1), method="bounded")
    assert min(values) == pytest.approx(3 * lowest.fun, rel=1e-4)


def test_it_stays_where_there_is_nothing_to_gain():
    points, values, _ = descend(lambda x: x.square().sum(), torch.zeros(3), 5)
    assert values == [0] * 5
    assert all(point.eq(0).all() for point in points)


class Reads:
    """Counts what takes numbers from the device to the host: calls from Python, and PyTorch's own."""

    def __init__(self):
        self.count = 0

    def __enter__(self):
        reads = self

        class OfPython(TorchFunctionMode):
            def __torch_function__(self, function, types, args=(), kwargs=None):
                names = "tolist", "item", "numpy", "cpu", "__float__", "__int__", "__bool__", "__array__", "__index__"
                reads.count += getattr(function, "__name__", "") in names
                return function(*args, **(kwargs or {}))

        class OfTorch(TorchDispatchMode):
            def __torch_dispatch__(self, function, types, args=(), kwargs=None):
                reads.count += function is torch.ops.aten._local_scalar_dense.default
                return function(*args, **(kwargs or {}))

        self._modes = OfPython(), OfTorch()
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *error):
        for mode in reversed(self._modes):
            mode.__exit__(*error)


def test_an_evaluation_costs_one_read(quadratic):
    with Reads() as reads:
        descend(quadratic[0], torch.zeros(30), 25)
    assert reads.count == 25


def test_a_read_is_seen():
    x = torch.ones(3)
    for read in (lambda: x.sum().item(), lambda: x.tolist(), lambda: float(x[0]), lambda: x.add_(x, alpha=x[0])):
        with Reads() as reads:
            read()
        assert reads.count > 0
