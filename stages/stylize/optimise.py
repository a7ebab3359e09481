"""The loop: minimise a sum of named losses, tell the caller of each evaluation, keep the best one."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, Never

import torch
from torch import Tensor

from stages.stylize.evaluation import Losses, OnNote, evaluation_of
from stages.stylize.lbfgs import Ask, Evaluate, run_lbfgs

STALL_WINDOW = 10


class Iterate(NamedTuple):
    """What is known after one evaluation of the losses."""

    step: int
    """Evaluations so far, from 1, over all scales."""
    total: int
    """Evaluations at most."""
    size: int
    """Long edge of the image evaluated, pixels."""
    loss: float
    losses: dict[str, float]
    """Weighted parts of the loss by name."""


OnIterate = Callable[[Iterate], None]


class DivergedError(ArithmeticError):
    """A loss is NaN or infinite."""


class _StalledError(Exception):
    """The loss has stopped falling."""


class _SpentError(Exception):
    """The budget of evaluations is used up."""


class Method(NamedTuple):
    """How to go down, and when to stop."""

    optimizer: Literal["lbfgs", "adam"]
    learning_rate: float
    """Adam's step; L-BFGS finds its own."""
    tolerance: float
    """Stop when the best loss has fallen by less than this share over the last 10 evaluations."""


def minimise(
    parameter: Tensor,
    losses: Losses,
    evaluations: int,
    method: Method,
    *,
    size: int,
    done: int,
    total: int,
    on_iterate: OnIterate | None,
    on_note: OnNote | None = None,
) -> tuple[dict[str, float], int]:
    """Minimise the sum of `losses()` over the parameter, in place, and leave the best iterate in it.

    Args:
        parameter: a contiguous leaf tensor that requires gradients.
        losses: the weighted losses at the present parameter, none of them negative.
        evaluations: of the losses and their gradient, at most.
        method: see `Method`.
        size, done, total: reported to the callback: image size, evaluations before this call, and in all calls.
        on_iterate: called after each evaluation.
        on_note: told of what makes it slower than it could be.

    Returns:
        The best iterate's losses by name, and the evaluations used.

    Raises:
        DivergedError: a loss is not finite.
    """
    best = math.inf
    best_losses: dict[str, float] = {}
    best_parameter = parameter.detach().clone()
    history: list[float] = []
    compute = evaluation_of(losses, parameter, on_note)

    def evaluate(ask: Ask) -> tuple[float, list[float]]:
        nonlocal best, best_losses
        if len(history) == evaluations:
            raise _SpentError
        names, values, gradient = compute()
        told: list[float] = torch.cat([values, ask(gradient)]).tolist()  # where the host waits for the device
        named = dict(zip(names, told, strict=False))
        value = sum(named.values())
        if not math.isfinite(value):
            raise DivergedError(f"the loss is {value} at evaluation {done + len(history) + 1}, size {size}: {named}")
        if value < best:
            best, best_losses = value, named
            best_parameter.copy_(parameter.detach())
        history.append(best)
        if on_iterate:
            on_iterate(Iterate(done + len(history), total, size, value, named))
        if len(history) > STALL_WINDOW and history[-1] > (1 - method.tolerance) * history[-1 - STALL_WINDOW]:
            raise _StalledError
        return value, told[len(names) :]

    try:
        if method.optimizer == "lbfgs":
            run_lbfgs(parameter, evaluate)
        _run_adam(parameter, evaluate, method.learning_rate)
    except (_StalledError, _SpentError):
        pass
    with torch.no_grad():
        parameter.copy_(best_parameter)
    return best_losses, len(history)


def _run_adam(parameter: Tensor, evaluate: Evaluate, learning_rate: float) -> Never:
    solver = torch.optim.Adam([parameter], lr=learning_rate, betas=(0.9, 0.99))

    def keep(gradient: Tensor) -> Tensor:
        parameter.grad = gradient
        return gradient.new_empty(0)

    while True:
        evaluate(keep)
        solver.step()
