"""What the user sees while it runs: a bar for each worker on a terminal, plain lines elsewhere."""

import os
import sys
from typing import TextIO

from tqdm import tqdm

from pipeline.events.progress import Advance, Event, Lines, Said, Underway

BAR = "{desc} {bar:16} {n_fmt}/{total_fmt}{postfix}"
NO_BAR = "{desc}{postfix}"
SPARE = len("^C")
"""Columns that no bar fills: what a terminal shows of Ctrl-C would go on to the next line and push the bars apart."""


def say(text: str) -> None:
    """A line to the user, above the bars where there are some."""
    tqdm.write(text, file=sys.stderr)
    sys.stderr.flush()


class Screen:
    """Shows events."""

    def __init__(self) -> None:
        self._shown: dict[str, _Bar | Lines] = {}

    def __call__(self, event: Event) -> None:
        """Says a line, or moves a bar that lasts for as long as its work."""
        match event:
            case Said(text):
                say(text)
            case Underway(title, over=True):
                shown = self._shown.pop(title, None)
                if isinstance(shown, _Bar):
                    shown.bar.close()
            case Underway(title, advance, row):
                if title not in self._shown:
                    self._shown[title] = _Bar(title, row) if sys.stderr.isatty() else Lines(title, say)
                if advance is not None:
                    self._shown[title](advance)


class _Bar:
    def __init__(self, title: str, row: int) -> None:
        self.bar: tqdm[None] = tqdm(desc=title, position=row, leave=False, dynamic_ncols=True, bar_format=NO_BAR)
        self.bar.dynamic_ncols = _room

    def __call__(self, advance: Advance) -> None:
        self.bar.total, self.bar.bar_format = (advance.total, BAR) if advance.total else (None, NO_BAR)
        self.bar.set_postfix_str(advance.in_words(), refresh=False)
        self.bar.update(advance.done - self.bar.n)


def _room(file: TextIO) -> tuple[int, int]:
    """Columns and rows for bars, of the terminal as it is now."""
    columns, rows = os.get_terminal_size(file.fileno())
    return columns - SPARE, rows
