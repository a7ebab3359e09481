"""The loop: minimise a sum of named losses, tell the caller of each evaluation, keep the best one."""

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from stages.stylize.evaluation import Losses, OnNote, evaluation_of

STALL_WINDOW = 10
HISTORY = 20


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
    """L-BFGS with a strong Wolfe line search, or Adam."""
    learning_rate: float
    """Adam's step; L-BFGS finds its own."""
    tolerance: float
    """Stop when the best loss has fallen by less than this share over the last 10 evaluations."""


def minimise(
    parameters: Sequence[Tensor],
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
    """Minimise the sum of `losses()` over `parameters`, in place, and leave the best iterate in them.

    Args:
        parameters: leaf tensors that require gradients.
        losses: the weighted losses at the present parameters.
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
    best_parameters = [p.detach().clone() for p in parameters]
    history: list[float] = []
    compute = evaluation_of(losses, parameters, on_note)
    solver: torch.optim.Optimizer
    if method.optimizer == "lbfgs":
        solver = torch.optim.LBFGS(
            parameters, max_iter=evaluations, max_eval=evaluations, history_size=HISTORY,
            tolerance_grad=0, tolerance_change=0, line_search_fn="strong_wolfe",
        )  # fmt: skip
    else:
        solver = torch.optim.Adam(parameters, lr=method.learning_rate, betas=(0.9, 0.99))

    def evaluate() -> float:
        nonlocal best, best_losses
        if len(history) == evaluations:
            raise _SpentError
        named = compute()
        value = sum(named.values())
        if not math.isfinite(value):
            raise DivergedError(f"the loss is {value} at evaluation {done + len(history) + 1}, size {size}: {named}")
        if value < best:
            best, best_losses = value, named
            for kept, p in zip(best_parameters, parameters, strict=True):
                kept.copy_(p.detach())
        history.append(best)
        if on_iterate:
            on_iterate(Iterate(done + len(history), total, size, value, named))
        if len(history) > STALL_WINDOW and history[-1] > (1 - method.tolerance) * history[-1 - STALL_WINDOW]:
            raise _StalledError
        return value

    try:
        while True:  # L-BFGS goes all the way in one step, unless its line search gives up; Adam makes one
            solver.step(evaluate)  # type: ignore[no-untyped-call]
    except (_StalledError, _SpentError):
        pass
    with torch.no_grad():
        for kept, p in zip(best_parameters, parameters, strict=True):
            p.copy_(kept)
    return best_losses, len(history)
