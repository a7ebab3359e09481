"""What the user sees while it runs: a bar for each worker on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

from tqdm import tqdm

if TYPE_CHECKING:
    from stages.stylize import Iterate

LINE_EVERY_S = 10.0
BAR = "{desc} {bar:16} {n_fmt}/{total_fmt}{postfix}"
NO_BAR = "{desc}{postfix}"
SPARE = len("^C")
"""Columns that no bar fills: what a terminal shows of Ctrl-C would go on to the next line and push the bars apart."""


class Advance(NamedTuple):
    """How far some work is. It goes from process to process, and so carries no tensor."""

    done: int
    """Iterations so far; at 0, the text says how it is going to be done."""
    total: int
    """Iterations at most; 0 where it goes on until a tolerance."""
    text: str
    left: float | None = None
    """Seconds to go, where that is known."""

    def in_words(self) -> str:
        """The time to go, which a narrow terminal must not cut off, and its text."""
        return ", ".join(filter(None, ["" if self.left is None else f"{spoken(self.left)} left", self.text]))


OnAdvance = Callable[[Advance], None]


def telling(on_advance: OnAdvance) -> "Callable[[Iterate], None]":
    """The callback for an optimiser that starts now: tells of its iterates as steps."""
    began = time.monotonic()

    def tell(iterate: "Iterate") -> None:
        losses = [f"loss {iterate.loss:.3g}", *(f"{name} {value:.3g}" for name, value in iterate.losses.items())]
        left = (time.monotonic() - began) * (iterate.total - iterate.step) / iterate.step
        on_advance(Advance(iterate.step, iterate.total, f"at {iterate.size} px, {' '.join(losses)}", left))

    return tell


def spoken(seconds: float) -> str:
    """A time as one would say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def say(text: str) -> None:
    """A line to the user, above the bars where there are some."""
    tqdm.write(text, file=sys.stderr)
    sys.stderr.flush()


def say_once() -> Callable[[str], None]:
    """Says lines, none of them a second time: what each of several processes tells of itself, all alike."""
    said: set[str] = set()

    def tell(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return tell


@contextmanager
def watch(title: str, row: int = 0) -> Iterator[OnAdvance]:
    """Shows the steps of some work under a title for as long as the block lasts; gives the callback to hand to it.

    Args:
        title: what is at work on what.
        row: of the terminal, below the one that is written to: each of several bars at once has its own.
    """
    if not sys.stderr.isatty():
        yield _Lines(title)
        return
    with tqdm(desc=title, position=row, leave=False, dynamic_ncols=True, bar_format=NO_BAR) as bar:
        yield _Bar(bar)


class _Bar:
    def __init__(self, bar: "tqdm[None]") -> None:
        self.bar = bar
        self.bar.dynamic_ncols = _room

    def __call__(self, advance: Advance) -> None:
        self.bar.total, self.bar.bar_format = (advance.total, BAR) if advance.total else (None, NO_BAR)
        self.bar.set_postfix_str(advance.in_words(), refresh=False)
        self.bar.update(advance.done - self.bar.n)


def _room(file: TextIO) -> tuple[int, int]:
    """Columns and rows for bars, of the terminal as it is now."""
    columns, rows = os.get_terminal_size(file.fileno())
    return columns - SPARE, rows


class _Lines:
    """Says a line at most every ten seconds, and at once how it is going to be done."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.said = time.monotonic()

    def __call__(self, advance: Advance) -> None:
        now = time.monotonic()
        if not advance.done:
            say(f"{self.title}, {advance.text}")
        elif now - self.said >= LINE_EVERY_S:
            self.said = now
            count = f"{advance.done}/{advance.total}" if advance.total else f"iteration {advance.done}"
            say(f"{self.title}: {', '.join(filter(None, [count, advance.in_words()]))}")
