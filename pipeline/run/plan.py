"""A dataset through the steps: what is current is skipped, a pair that fails is recorded and the others go on."""

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.config import WORKING_SIZE, Config, ConfigError, Size
from pipeline.dataset.file_names import names_a_folder
from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import InputError, load_inputs
from pipeline.dataset.layouts import Dataset, DatasetError, Pair
from pipeline.dataset.prepared import FOLDER as PREPARED
from pipeline.dataset.prepared import Prepared, Room, preparing
from pipeline.images.raster import ImageError
from pipeline.run.carry_out import Crew, carry_out
from pipeline.run.pace import Pace
from pipeline.run.summary import Failure, Summary
from pipeline.run.task import Key, Outcome, PairTask, Task, WholeTask, concerns_all
from pipeline.steps.catalogue import STEPS
from pipeline.store.files import lock, write_atomically
from pipeline.store.hash_cache import HashCache, Known
from pipeline.store.manifest import FAILURE_FILE, record_failure
from pipeline.store.system_errors import reason_of
from pipeline.upkeep.progress import Advance, OnEvent, Said, ignore, underway
from pipeline.upkeep.staleness import State, find_state
from pipeline.upkeep.step import Step
from pipeline.upkeep.whole import Whole, WholeStep

Hire = Callable[[Sequence[Task], OnEvent], AbstractContextManager[Crew]]
"""Gets those who do the tasks; what they say of themselves goes to the callback."""

OWNER = ".dataset"
"""In a folder of results: the dataset that they are of."""


class Examined(NamedTuple):
    """One pair before the work, and what there is of each step that concerns it."""

    pair: Pair
    notes: tuple[str, ...]
    states: dict[str, State]
    """By the steps' names."""
    config: Config
    """The settings of this pair."""


class Examination(NamedTuple):
    """Examining a dataset: the sound pairs, and the faults of all the others."""

    sound: tuple[Examined, ...]
    failures: tuple[Failure, ...]


def examine(
    dataset: Dataset,
    results: Path,
    steps: Sequence[Step],
    settings_of: Callable[[Pair], Config],
    *,
    prepare: bool = False,
) -> Examination:
    """Reads every file of a dataset, so that all its faults are known before any work starts, and finds what is there.

    What was read before and not touched since is not decoded again.

    Args:
        dataset: the pairs.
        results: the folder that holds one folder for each pair.
        steps: those to look at; also at those that they start from.
        settings_of: all settings of a pair.
        prepare: whether photos are kept for the work, brought down to its size.

    Raises:
        SemanticModelError: the semantic model can't be had.
    """
    failures = [Failure(fault.pair, "dataset", fault.text) for fault in dataset.faults]
    sound = []
    cache, room = HashCache(results), Room(results) if prepare else None
    for pair in dataset.pairs:
        folder = results / pair.name
        try:
            config = settings_of(pair)
            masked = with_found_mask(pair, folder, config)
            question = f"{pair.name}: size {config.size}, {masked.mask_rules}, {len(masked.files())} files"
            kept = None if room is None else Prepared(folder / PREPARED, room)
            known = cache.recall(question, masked.files(), partial(_hashed, masked, config.size, kept))
            states = dict[str, State]()
            for step in (step for step in _with_starts(steps) if step.concerns(pair)):
                hashes = known.hashes
                if step.finds_masks:
                    find_out = partial(_hashed, pair, WORKING_SIZE, kept)
                    hashes = cache.recall(f"{pair.name}: photos", pair.files(), find_out).hashes
                wanted = step.wanted(pair, folder, hashes, config, cache.recall)
                place, edited = folder / step.name, step.to_be_edited
                states[step.name] = find_state(place, wanted, config, step.outputs, cache.recall, to_be_edited=edited)
        except InputError as error:
            failures += [Failure(pair.name, "dataset", line) for line in str(error).splitlines()]
        except ConfigError as error:
            failures += [Failure(pair.name, "settings", line) for line in str(error).splitlines()]
        except ImageError as error:
            failures.append(Failure(pair.name, "stage-one image", f"{error}; or delete it, and it is made again"))
        except Exception as error:  # whatever it is, the other pairs go on
            if concerns_all(error):
                raise
            failures.append(Failure(pair.name, "dataset", reason_of(error)))
        else:
            sound.append(Examined(pair, (*known.notes, *_own(pair, config)), states, config))
    cache.save()
    return Examination(tuple(sound), tuple(failures))


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
    *,
    sum_up: Callable[[], tuple[Whole, Sequence[WholeStep]]] | None = None,
) -> Summary:
    """Takes pairs through the steps, as far as there is anything to do, and sums them up.

    Args:
        examined: the pairs and what there is of them.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        steps: those to run, earlier ones first.
        again: what to do although nothing has changed.
        hire: gets those who do the tasks, if there are any.
        on_event: told what is going on.
        sum_up: where something of the pairs is there in the end, gives the dataset and the steps that sum it up.

    Raises:
        EncoderError, SemanticModelError: the network can't be had, for any pair.
        OSError: the disk is full.
    """
    tasks, summary = _plan(examined, results, steps, again, on_event)
    with ExitStack() as hired:
        crew: Crew | None = None
        if tasks:
            crew = hired.enter_context(hire(tasks, on_event))
            summary = _carry_out(tasks, crew, summary, on_event)
        if sum_up is not None and summary.done + summary.kept:
            whole, whole_steps = sum_up()
            last, summary = _plan_whole(whole, whole_steps, again, summary)
            if last:
                summary = summary._replace(new_table=last[0].step is whole_steps[0])
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

    tasks: tuple[PairTask, ...]
    summary: Summary


class WholePlan(NamedTuple):
    """The same of what sums up a dataset."""

    tasks: tuple[WholeTask, ...]
    summary: Summary


def _plan(examined: Sequence[Examined], results: Path, steps: Sequence[Step], again: Again, on_event: OnEvent) -> Plan:
    tasks: list[PairTask] = []
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


def _plan_whole(whole: Whole, steps: Sequence[WholeStep], again: Again, summary: Summary) -> WholePlan:
    """Each of these steps reads what the one before it makes."""
    tasks: list[WholeTask] = []
    for step in steps:
        if not tasks and not again.current and step.state(whole).settled:
            summary = summary.counting(1, settled=True)
        else:
            tasks.append(WholeTask(whole, step, frozenset(task.key for task in tasks), again.current))
    return WholePlan(tuple(tasks), summary)


def _record(task: Task, outcome: Outcome, on_event: OnEvent) -> Failure:
    """Tells why a task failed, and writes it down together with what was tried."""
    record_failure(task.folder, f"{outcome.error}: {outcome.reason}", outcome.tried)
    on_event(Said(f"{task.title}: FAILED: {outcome.reason}"))
    return Failure(task.key[0] or "all pairs", task.step.name, outcome.reason)


def _hashed(pair: Pair, size: Size, kept: Prepared | None) -> Known:
    inputs = load_inputs(pair, size, kept)
    return Known(inputs.hashes(), inputs.notes)


def _with_starts(steps: Sequence[Step]) -> Iterator[Step]:
    """Some steps, after those that they start from."""
    names = {step.name for step in steps}
    before = {step.start.step for step in steps if step.start is not None} - names
    yield from (step for step in STEPS if step.name in before)
    yield from steps


def _own(pair: Pair, config: Config) -> Iterator[str]:
    if (own := pair.own_settings()) is not None:
        yield f"lambda {config.smooth.lam:g}; it has its own in {own.name}"


def record_faults(examination: Examination, results: Path) -> None:
    """Writes down in a pair's folder why nothing can be done for it, and takes that away from those that are sound.

    Raises:
        OSError: the disk is full.
    """
    reasons: dict[str, list[str]] = {}
    for failure in examination.failures:
        reasons.setdefault(failure.pair, []).append(f"{failure.what}: {failure.reason}")
    for name, lines in reasons.items():
        if names_a_folder(name):
            record_failure(results / name, "\n".join(lines))
    for one in examination.sound:
        (results / one.pair.name / FAILURE_FILE).unlink(missing_ok=True)


def results_folder(results: Path, dataset: Dataset) -> Path:
    """`results/<dataset>`, to look at.

    Raises:
        DatasetError: it belongs to another dataset, whose folder has the same name; or it is the dataset itself.
    """
    folder = results / dataset.name
    if folder.resolve() == dataset.root:
        raise DatasetError(f"{folder.resolve()} is the dataset itself: give --results another folder")
    owner = folder / OWNER
    if owner.exists() and (root := owner.read_text("utf-8").strip()) != str(dataset.root):
        raise DatasetError(
            f"{folder} has the results of {root}: give --results for those of {dataset.root}; "
            f"or if it is the same dataset, which was moved, delete {owner}"
        )
    return folder


@contextmanager
def writing_results(results: Path, dataset: Dataset) -> Iterator[Path]:
    """`results/<dataset>`, made where it is missing, and held for as long as the block lasts.

    Raises:
        DatasetError: it belongs to another dataset, whose folder has the same name.
        LockedError: another run holds it.
        OSError: it can't be made or written to.
    """
    folder = results_folder(results, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "no permission to write", str(folder))
    with lock(folder):
        if not (folder / OWNER).exists():
            write_atomically(folder / OWNER, f"{dataset.root}\n".encode())
        with preparing(folder):
            yield folder
