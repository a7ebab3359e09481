"""What is told while work goes on: lines for the user, and how far each piece of work is. Nothing here prints."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    pass

LINE_EVERY_S = 10.0


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


def spoken(seconds: float) -> str:
    """A time as one would say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Said(NamedTuple):
    """A line for the user."""

    text: str


class Underway(NamedTuple):
    """How far a piece of work is."""

    title: str
    """What is at work on what."""
    advance: Advance | None
    """None when it begins."""
    row: int = 0
    """Of the screen, for each of several at once its own."""
    over: bool = False


Event = Said | Underway
OnEvent = Callable[[Event], None]


def ignore(event: object) -> None:
    """Tells nobody."""


def once(on_event: OnEvent) -> Callable[[str], None]:
    """Says lines, none of them a second time: what each of several processes tells of itself, all alike."""
    said: set[str] = set()

    def tell(text: str) -> None:
        if text not in said:
            said.add(text)
            on_event(Said(text))

    return tell


@contextmanager
def underway(on_event: OnEvent, title: str, row: int = 0) -> Iterator[OnAdvance]:
    """Work under a title, for as long as the block lasts; gives the callback to hand to it."""
    on_event(Underway(title, None, row))
    try:
        yield lambda advance: on_event(Underway(title, advance, row))
    finally:
        on_event(Underway(title, None, row, over=True))


class Lines:
    """Says a line at most every ten seconds, and at once how it is going to be done."""

    def __init__(self, title: str, say: Callable[[str], None]) -> None:
        self.title, self._say = title, say
        self._said = time.monotonic()

    def __call__(self, advance: Advance) -> None:
        """Tells how far it is, if it is time to."""
        now = time.monotonic()
        if not advance.done:
            self._say(f"{self.title}, {advance.text}")
        elif now - self._said >= LINE_EVERY_S:
            self._said = now
            count = f"{advance.done}/{advance.total}" if advance.total else f"iteration {advance.done}"
            self._say(f"{self.title}: {', '.join(filter(None, [count, advance.in_words()]))}")
