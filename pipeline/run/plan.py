"""A dataset through the steps: what is current is skipped, a pair that fails is recorded and the others go on."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import NamedTuple

from pipeline.events.progress import Advance, OnEvent, Said, ignore, underway
from pipeline.events.summary import Failure, Summary
from pipeline.run.pace import Pace
from pipeline.run.schedule import Crew, carry_out
from pipeline.run.staleness import Examined, find_whole_state
from pipeline.run.task import Key, Outcome, PairTask, Task, WholeTask
from pipeline.steps.step import Step, Whole, WholeStep
from pipeline.store.manifest import record_failure

Hire = Callable[[Sequence[Task], OnEvent], AbstractContextManager[Crew]]
"""Gets those who do the tasks; what they say of themselves goes to the callback."""


class Again(NamedTuple):
    """What is done again although nothing has changed."""

    current: bool = False
    failed: bool = False


def run(
    examined: Sequence[Examined],
    results: Path,
    steps: Sequence[Step],
    again: Again,
    hire: Hire,
    on_event: OnEvent = ignore,
    whole: Whole | None = None,
    summaries: Sequence[WholeStep] = (),
) -> Summary:
    """Takes pairs through the steps, as far as there is anything to do, and sums them up.

    Args:
        examined: the pairs and what there is of them.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        steps: those to run, earlier ones first.
        again: what to do although nothing has changed.
        hire: gets those who do the tasks, if there are any.
        on_event: told what is going on.
        whole: the dataset, where it is to be summed up.
        summaries: by these steps, if something of the pairs is there in the end.

    Raises:
        NetworkError: the network can't be had, for any pair.
        OSError: the disk is full.
    """
    tasks, summary = _plan(examined, results, steps, again, on_event)
    with ExitStack() as hired:
        crew: Crew | None = None
        if tasks:
            crew = hired.enter_context(hire(tasks, on_event))
            summary = _carry_out(tasks, crew, summary, on_event)
        if whole is not None and summary.done + summary.kept:
            last, summary = _plan_whole(whole, summaries, again, summary)
            if last:
                summary = summary._replace(new_table=last[0].step is summaries[0])
                crew = crew or hired.enter_context(hire(last, on_event))
                summary = _carry_out(last, crew, summary, on_event)
    return summary


def _carry_out(tasks: Sequence[Task], crew: Crew, summary: Summary, on_event: OnEvent) -> Summary:
    failures = dict[Key, Failure]()
    pace, began = Pace(task.step.name for task in tasks), time.monotonic()
    with underway(on_event, "dataset") as on_advance:
        for task, outcome in carry_out(tasks, crew):
            pace.count(task.step.name, 0.0 if outcome is None else outcome.seconds)
            on_advance(Advance(pace.done, pace.total, "", pace.remaining(time.monotonic() - began)))
            if outcome is None:
                continue
            if outcome.error:
                failures[task.key] = _record(task, outcome, on_event)
                continue
            summary = summary.counting(1, settled=not outcome.made)
            if outcome.made:
                on_event(Said(f"{task.title}: {outcome.seconds:.1f} s{_news(task, outcome)}"))
            elif outcome.why:
                on_event(Said(f"{task.title}: {outcome.why}"))
    in_order = (failures[task.key] for task in tasks if task.key in failures)  # on any number of workers
    return summary._replace(failures=(*summary.failures, *in_order))


def _news(task: Task, outcome: Outcome) -> str:
    """Why it was made anew; or where it is, for what is looked at first."""
    if isinstance(task, PairTask):
        return f" ({outcome.why})" if outcome.why else ""
    return f", {task.folder / task.step.outputs[0]}"


class Plan(NamedTuple):
    """What there is to do, and what comes of the rest."""

    tasks: tuple[Task, ...]
    summary: Summary


def _plan(examined: Sequence[Examined], results: Path, steps: Sequence[Step], again: Again, on_event: OnEvent) -> Plan:
    tasks = list[PairTask]()
    kept, failures = 0, []
    only_masks = all(step.finds_masks for step in steps)
    for number, one in enumerate(examined, start=1):
        label = f"[{number}/{len(examined)}] {one.pair.name}"
        for note in one.notes:
            on_event(Said(f"{label}: {note}"))
        asked = [step for step in steps if step.name in one.states]
        for name, state in one.states.items():
            if state.kind == "current" and state.why and name not in {step.name for step in asked}:
                on_event(Said(f"{label} {name}: {state.why}"))
        due, out_of_reach = set[str](), set[str]()
        for step in asked:
            state = one.states[step.name]
            anew = again.current and (not step.finds_masks or only_masks)  # edited ones outlast a forced run
            if not out_of_reach.isdisjoint(step.requires):
                out_of_reach.add(step.name)
                continue
            if not anew and due.isdisjoint((*step.requires, *step.after)):
                if state.settled:
                    kept += 1
                    if state.why:
                        on_event(Said(f"{label} {step.name}: {state.why}"))
                    continue
                if state.kind == "failed" and not again.failed:
                    out_of_reach.add(step.name)
                    before = f"{state.why} (before; --retry-failed tries again)"
                    failures.append(Failure(one.pair.name, step.name, before))
                    continue
            due.add(step.name)
            folder = results / one.pair.name
            tasks.append(PairTask(one.pair, step, one.config, folder, label, anew))
    return Plan(tuple(tasks), Summary(0, kept, tuple(failures)))


def _plan_whole(whole: Whole, steps: Sequence[WholeStep], again: Again, summary: Summary) -> Plan:
    """Each of these steps reads what the one before it makes."""
    tasks = list[WholeTask]()
    for step in steps:
        if not tasks and not again.current and find_whole_state(step, whole).settled:
            summary = summary.counting(1, settled=True)
        else:
            tasks.append(WholeTask(whole, step, frozenset(task.key for task in tasks), again.current))
    return Plan(tuple(tasks), summary)


def _record(task: Task, outcome: Outcome, on_event: OnEvent) -> Failure:
    """Tells why a task failed, and writes it down together with what was tried."""
    record_failure(task.folder, f"{outcome.error}: {outcome.reason}", outcome.tried)
    on_event(Said(f"{task.title}: FAILED: {outcome.reason}"))
    return Failure(task.key[0] or "all pairs", task.step.name, outcome.reason)
