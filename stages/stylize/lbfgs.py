"""L-BFGS (Nocedal 1980) that reads from the device once an evaluation.

From the last steps s and the changes y of the gradient over them comes an approximation H of the inverse Hessian. Its
compact form (Byrd, Nocedal and Schnabel 1994) takes a gradient g to

    H g = gamma g + S w - gamma Y u,        R u = S^T g,        R^T w = D u + gamma (Y^T Y u - Y^T g)

with S and Y of columns s and y, R the upper triangle of S^T Y, D its diagonal, and gamma = s^T y / y^T y of the newest.
So the host has to know no more than inner products with the newest y and g. These are one product of matrices, and come
with the loss. It solves the small systems, in float64, and hands back the coefficients of the next direction.
"""

import math
from collections.abc import Callable, Sequence
from itertools import count
from typing import Never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Ask = Callable[[Tensor], Tensor]
"""A few numbers about a gradient, on its device."""
Evaluate = Callable[[Ask], tuple[float, Sequence[float]]]
"""The loss at the present parameter, and what is asked about its gradient there; both in one transfer to the host."""

HISTORY = 20
"""Pairs of s and y that are kept."""
FIRST = 0.1
"""Share of the loss that a step without pairs would take off, if the loss fell on as it begins to."""
SUFFICIENT, CURVATURE = 1e-4, 0.999
"""Wolfe's: a step is taken if it takes off this share of what its slope promises. It leaves a pair if the slope at its
end is below this share of what it was."""
TRIES = 5
"""Steps along a direction, after which the pairs that it comes from are forgotten."""


def run_lbfgs(parameter: Tensor, evaluate: Evaluate, history: int = HISTORY) -> Never:
    """Goes down, by steps of 1 that are shortened where they go too far, until `evaluate` raises something.

    Args:
        parameter: contiguous, of any shape; changed in place.
        evaluate: see there; the loss is never negative.
        history: pairs of s and y that are kept.
    """
    x = parameter.detach().view(-1)
    origin, pairs = x.clone(), _Pairs(x, history)
    loss, (square,) = evaluate(pairs.begin)
    while True:
        direction, step = pairs.direction(), 1.0 if pairs else FIRST * loss / max(square, 1e-30)
        for tries in count(1):
            torch.add(origin, direction, alpha=step, out=x)
            there, told = evaluate(pairs.propose)
            products = np.reshape(told, (-1, 2))
            slope, slope_there = pairs.slopes(products)
            if slope <= 0 and there <= loss + SUFFICIENT * step * slope:
                pairs.take(step, products)
                origin.copy_(x)
                loss, square = there, products[0, 1]
                break
            if pairs and (slope > 0 or tries == TRIES):
                pairs.forget()
                break
            step *= min(max(_lowest(step * slope, there - loss, step * slope_there), 0.1), 0.5)


class _Pairs:
    """Pairs of s and y, and of their products what H is made of.

    They lie in the rows of one matrix: the newest gradient, then s and y of each place. One place is free, for the step
    that is tried.
    """

    def __init__(self, x: Tensor, history: int) -> None:
        self._rows, self._gradient = x.new_zeros(2 * history + 3, len(x)), torch.zeros_like(x)
        self._history, self._order, self._free = history, list[int](), 0
        self._SY, self._YY = np.zeros((2, history + 1, history + 1))

    def __len__(self) -> int:
        return len(self._order)

    def begin(self, gradient: Tensor) -> Tensor:
        """Takes the gradient to begin with; gives its square."""
        self._gradient.copy_(gradient.view(-1))
        return (self._gradient @ self._gradient)[None]

    def direction(self) -> Tensor:
        """-H g, which is put into the free place as the step to try."""
        direction = self._rows[1 + 2 * self._free]
        if not self._order:
            return torch.neg(self._gradient, out=direction)
        s, y = 1 + 2 * np.array(self._order), 2 + 2 * np.array(self._order)
        R, YY = np.triu(self._SY[np.ix_(self._order, self._order)]), self._YY[np.ix_(self._order, self._order)]
        D, gamma = R.diagonal(), R[-1, -1] / YY[-1, -1]
        u = np.linalg.solve(R, self._products[s, 1])
        w = np.linalg.solve(R.T, D * u + gamma * (YY @ u - self._products[y, 1]))
        coefficients = np.zeros(max(y) + 1)
        coefficients[0], coefficients[s], coefficients[y] = -gamma, -w, gamma * u
        on_device = torch.tensor(coefficients, dtype=direction.dtype, device=direction.device)
        return direction.copy_(on_device @ self._rows[: len(coefficients)])

    def propose(self, gradient: Tensor) -> Tensor:
        """Puts the gradient at the end of the step into the first row, and y into the free place; the products of all
        rows with y and with that gradient."""
        g, y = self._rows[0], self._rows[2 + 2 * self._free]
        g.copy_(gradient.view(-1))
        torch.sub(g, self._gradient, out=y)
        used = 3 + 2 * max([*self._order, self._free])
        return (self._rows[:used] @ torch.stack([y, g], dim=1)).flatten()

    def slopes(self, products: NDArray[np.float64]) -> tuple[float, float]:
        """Along the direction, where it begins and where its step ends."""
        with_y, with_g = products[1 + 2 * self._free]
        return with_g - with_y, with_g

    def take(self, step: float, products: NDArray[np.float64]) -> None:
        """The step that was tried, of that length, is made, and leaves a pair."""
        slope, slope_there = self.slopes(products)
        free, s = self._free, 1 + 2 * self._free
        self._gradient.copy_(self._rows[0])
        self._rows[s] *= step
        products[s] *= step
        self._products = products
        if slope_there > CURVATURE * slope:
            places = len(products) // 2
            self._SY[:places, free] = products[1::2, 0]
            self._YY[:places, free] = self._YY[free, :places] = products[2::2, 0]
            self._order = [*self._order, free][-self._history :]
            self._free = next(place for place in count() if place not in self._order)

    def forget(self) -> None:
        """Begins anew, by steepest descent."""
        self._order, self._free = [], 0


def _lowest(slope: float, rise: float, slope_there: float) -> float:
    """Where from 0 to 1 the cubic is lowest that rises so much, and has these slopes at its ends."""
    a = slope + slope_there - 3 * rise
    b = math.sqrt(max(a * a - slope * slope_there, 0.0))
    return 1 - (slope_there + b - a) / (slope_there - slope + 2 * b)
