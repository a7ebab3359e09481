"""What a run came to: how much was made, how much was there, and what failed for which reason."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FAILED = 1
"""The exit code where something failed."""


class Failure(NamedTuple):
    """Why something of a pair could not be done."""

    pair: str
    what: str
    reason: str


def failure_line(failure: Failure) -> str:
    """One failure in a line."""
    return f"{' '.join(filter(None, [failure.pair, failure.what]))}: {failure.reason}"


class Summary(NamedTuple):
    """What a run came to."""

    done: int
    """Results made."""
    kept: int
    """Results that were current."""
    failures: tuple[Failure, ...]
    folder: Path = Path()
    """Where the results are."""
    file: Path | None = None
    """The result, where one file was asked for."""
    seconds: float = 0.0
    table: str = ""
    """The comparison as Markdown, where there is one."""
    new_table: bool = False

    def counting(self, results: int, *, settled: bool) -> "Summary":
        """With some more results, made or found current."""
        return self._replace(kept=self.kept + results) if settled else self._replace(done=self.done + results)


def summary_line(summary: Summary) -> str:
    """What is said at the end of a run, with a line for each failure."""
    if not summary.done and not summary.failures:
        whole = f"all {summary.kept} results in {summary.folder} are" if summary.file is None else f"{summary.file} is"
        return f"Nothing to do: {whole} current ({summary.seconds:.1f} s)."
    counts = f"{summary.done} made, {summary.kept} current, {len(summary.failures)} failed in {summary.seconds:.0f} s"
    place = f"results in {summary.folder}" if summary.file is None else f"the result is {summary.file}"
    line = counts if summary.file and not summary.done + summary.kept else f"{counts}; {place}"
    return "\n".join([line, *failure_lines(summary.failures)])


def failure_lines(failures: Iterable[Failure]) -> Iterator[str]:
    """One for each pair and reason, with all that it kept from being done."""
    what: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        what.setdefault((failure.pair, failure.reason), []).append(failure.what)
    for (pair, reason), undone in what.items():
        yield f"failed: {failure_line(Failure(pair, ', '.join(undone), reason))}"
