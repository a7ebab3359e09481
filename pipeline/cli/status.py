"""The table of pairs and steps: current, stale and why, failed and why, missing."""

from collections.abc import Sequence

from pipeline.run.plan import Examined, Failure, failure_line
from pipeline.upkeep.step import Step


def status_table(examined: Sequence[Examined], steps: Sequence[Step], failures: Sequence[Failure]) -> str:
    """One row for each pair, one column for each step; the reasons below, and what was put right."""
    rows = [("pair", *(step.name for step in steps))]
    rows += [(one.pair.name, *(_kind(one, step) for step in steps)) for one in examined]
    rows += [(name, *["fault"] * len(steps)) for name in dict.fromkeys(failure.pair for failure in failures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [
        f"{one.pair.name} {name}: {state.kind}: {state.why}"
        for one in examined
        for name, state in one.states.items()
        if state.why
    ]
    reasons += [f"{one.pair.name}: {note}" for one in examined for note in one.notes]
    reasons += [failure_line(failure) for failure in failures]
    return "\n".join([*table, *([""] if reasons else []), *reasons])


def _kind(one: Examined, step: Step) -> str:
    """Of the step's result; a dash where the step has nothing to do with the pair."""
    return one.states[step.name].kind if step.name in one.states else "-"
