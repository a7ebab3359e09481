"""The table of pairs and stages: current, stale and why, failed and why, missing."""

from collections.abc import Sequence

from pipeline.run.plan import Examined, Failure
from pipeline.steps.staleness import Stage


def status_table(examined: Sequence[Examined], stages: Sequence[Stage], failures: Sequence[Failure]) -> str:
    """One row for each pair, one column for each stage; the reasons below, and what was put right."""
    rows = [("pair", *stages)]
    rows += [(one.pair.name, *(one.states[stage].kind for stage in stages)) for one in examined]
    rows += [(name, *["fault"] * len(stages)) for name in dict.fromkeys(failure.pair for failure in failures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [
        f"{one.pair.name} {stage}: {one.states[stage].kind}: {one.states[stage].why}"
        for one in examined
        for stage in stages
        if one.states[stage].why
    ]
    reasons += [f"{one.pair.name}: {note}" for one in examined for note in one.notes]
    reasons += [failure_line(failure) for failure in failures]
    return "\n".join([*table, *([""] if reasons else []), *reasons])


def failure_line(failure: Failure) -> str:
    """One failure in a line."""
    return f"{failure.pair} {failure.what}: {failure.reason}"
