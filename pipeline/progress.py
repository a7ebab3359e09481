"""What the user sees while it runs: a bar with the losses on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from stages.stylize import Iterate

LINE_EVERY_S = 10.0
BAR = "{desc} {bar:16} {n_fmt}/{total_fmt}, {remaining} left{postfix}"


def say(text: str) -> None:
    """A line to the user, above the bar where there is one."""
    tqdm.write(text, file=sys.stderr)
    sys.stderr.flush()


@contextmanager
def watch(title: str) -> "Iterator[Callable[[Iterate], None]]":
    """Shows the optimiser's iterates under a title for as long as the block lasts; gives the callback to hand to it."""
    if sys.stderr.isatty():
        with tqdm(desc=title, leave=False, dynamic_ncols=True, bar_format=BAR) as bar:
            yield lambda iterate: _move(bar, title, iterate)
    else:
        yield _Lines(title)


def _move(bar: "tqdm[None]", title: str, iterate: "Iterate") -> None:
    bar.total = iterate.total
    bar.set_description(f"{title} {iterate.size} px", refresh=False)
    bar.set_postfix_str(_losses(iterate), refresh=False)
    bar.update(iterate.step - bar.n)


class _Lines:
    """Says a line at most every ten seconds, with the time that is left at the pace so far."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.began = self.said = time.monotonic()

    def __call__(self, iterate: "Iterate") -> None:
        now = time.monotonic()
        if now - self.said < LINE_EVERY_S or not iterate.step:
            return
        self.said = now
        left = (now - self.began) * (iterate.total - iterate.step) / iterate.step
        say(f"{self.title}: {iterate.step}/{iterate.total} at {iterate.size} px, {_losses(iterate)}, {left:.0f} s left")


class ResidualLines:
    """Says a line at most every ten seconds of an iteration towards a tolerance."""

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.said = time.monotonic()

    def __call__(self, iteration: int, residual: float) -> None:
        """Takes the iteration's number and its relative residual."""
        if time.monotonic() - self.said < LINE_EVERY_S:
            return
        self.said = time.monotonic()
        say(f"smooth: iteration {iteration}, residual {residual:.1e}, until {self.tolerance:g}")


def _losses(iterate: "Iterate") -> str:
    return " ".join([f"loss {iterate.loss:.3g}", *(f"{name} {value:.3g}" for name, value in iterate.losses.items())])
