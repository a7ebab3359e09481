"""A dataset through the steps: what is current is skipped, a pair that fails is recorded and the others go on."""

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.config import Config, ConfigError, has_own
from pipeline.dataset.file_names import names_a_folder
from pipeline.dataset.inputs import InputError, load_inputs
from pipeline.dataset.layouts import Dataset, DatasetError, Pair
from pipeline.images.raster import ImageError
from pipeline.run.pace import Pace
from pipeline.run.schedule import Crew, carry_out
from pipeline.run.task import Outcome, Task
from pipeline.steps.catalogue import STEPS
from pipeline.steps.progress import Advance, OnEvent, Said, ignore, underway
from pipeline.steps.staleness import State, attempt, find_state
from pipeline.steps.step import Step
from pipeline.store.files import lock, write_atomically
from pipeline.store.hash_cache import HashCache, Known
from pipeline.store.manifest import FAILURE_FILE, record_failure
from pipeline.store.system_errors import reason_of

OWNER = ".dataset"
"""In a folder of results: the dataset that they are of."""


class Examined(NamedTuple):
    """One pair before the work: the hashes of its inputs, and what there is of each step and of those before."""

    pair: Pair
    hashes: dict[str, str]
    notes: tuple[str, ...]
    states: dict[str, State]
    """By the steps' names."""
    config: Config
    """The settings of this pair."""


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
    seconds: float = 0.0
    table: str = ""
    """The comparison as Markdown, where there is one."""
    new_table: bool = False

    def counting(self, results: int, *, settled: bool) -> "Summary":
        """With some more results, made or found current."""
        return self._replace(kept=self.kept + results) if settled else self._replace(done=self.done + results)


class Examination(NamedTuple):
    """Examining a dataset: the sound pairs, and the faults of all the others."""

    sound: tuple[Examined, ...]
    failures: tuple[Failure, ...]


def examine(
    dataset: Dataset, results: Path, steps: Sequence[Step], settings_of: Callable[[Pair], Config]
) -> Examination:
    """Reads every file of a dataset, so that all its faults are known before any work starts, and finds what is there.

    What was read before and not touched since is not decoded again.

    Args:
        dataset: the pairs.
        results: the folder that holds one folder for each pair.
        steps: those to look at.
        settings_of: all settings of a pair.
    """
    failures = [Failure(fault.pair, "dataset", fault.text) for fault in dataset.faults]
    sound = []
    cache = HashCache(results)
    for pair in dataset.pairs:
        folder = results / pair.name
        try:
            config = settings_of(pair)
            question = f"{pair.name}: size {config.size}, {pair.mask_rules}, {len(pair.files())} files"
            known = cache.recall(question, pair.files(), partial(_hashed, pair, config))
            hashes, notes = known.hashes, (*known.notes, *_own(pair, config))
            before = {step.start.step for step in steps if step.start is not None}
            states = {}
            for step in (step for step in STEPS if step in steps or step.name in before):
                wanted = step.wanted(pair, folder, hashes, config, cache.recall)
                states[step.name] = find_state(folder / step.name, wanted, config, step.outputs, cache.recall)
        except InputError as error:
            failures += [Failure(pair.name, "dataset", line) for line in str(error).splitlines()]
        except ConfigError as error:
            failures += [Failure(pair.name, "settings", line) for line in str(error).splitlines()]
        except ImageError as error:
            failures.append(Failure(pair.name, "stage-one image", f"{error}; or delete it, and it is made again"))
        except Exception as error:  # whatever it is, the other pairs go on
            failures.append(Failure(pair.name, "dataset", reason_of(error)))
        else:
            sound.append(Examined(pair, hashes, notes, states, config))
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
    hire: Callable[[Sequence[Task]], AbstractContextManager[Crew]],
    on_event: OnEvent = ignore,
) -> Summary:
    """Takes pairs through the steps, as far as there is anything to do.

    Args:
        examined: the pairs and what there is of them.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        steps: those to run, earlier ones first.
        again: what to do although nothing has changed.
        hire: gets those who do the tasks, if there are any.
        on_event: told what is going on.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    tasks, summary = _plan(examined, results, steps, again, on_event)
    if not tasks:
        return summary
    failures = list(summary.failures)
    pace, began = Pace(task.step.name for task in tasks), time.monotonic()
    with hire(tasks) as crew, underway(on_event, "dataset") as on_advance:
        for task, outcome in carry_out(tasks, crew):
            pace.count(task.step.name, 0.0 if outcome is None else outcome.seconds)
            on_advance(Advance(pace.done, pace.total, "", pace.remaining(time.monotonic() - began)))
            if outcome is None:
                continue
            if outcome.error:
                failures.append(_record(task, outcome, on_event))
                continue
            summary = summary.counting(1, settled=not outcome.made)
            if outcome.made:
                why = f" ({outcome.why})" if outcome.why else ""
                on_event(Said(f"{task.title}: {outcome.seconds:.1f} s{why}"))
    return summary._replace(failures=tuple(failures))


class Plan(NamedTuple):
    """What there is to do, and what comes of the rest."""

    tasks: tuple[Task, ...]
    summary: Summary


def _plan(examined: Sequence[Examined], results: Path, steps: Sequence[Step], again: Again, on_event: OnEvent) -> Plan:
    tasks: list[Task] = []
    kept, failures = 0, []
    for number, one in enumerate(examined, start=1):
        label = f"[{number}/{len(examined)}] {one.pair.name}"
        for note in one.notes:
            on_event(Said(f"{label}: {note}"))
        for name, state in one.states.items():
            if state.kind == "current" and state.why and name not in {step.name for step in steps}:
                on_event(Said(f"{label} {name}: {state.why}"))
        due, out_of_reach = set[str](), set[str]()
        for step in steps:
            state = one.states[step.name]
            if step.start is not None and step.start.step in out_of_reach:
                out_of_reach.add(step.name)
                continue
            if not again.current and due.isdisjoint(step.waits_for):
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
            tasks.append(Task(one.pair, step, one.config, one.hashes, results / one.pair.name, label, again.current))
    return Plan(tuple(tasks), Summary(0, kept, tuple(failures)))


def _record(task: Task, outcome: Outcome, on_event: OnEvent) -> Failure:
    """Tells why a task failed, and writes it down together with what was tried."""
    try:
        wanted = task.step.wanted(task.pair, task.folder, task.hashes, task.config)
    except ImageError:  # the stage-one image is at fault
        wanted = None
    tried = "" if wanted is None or outcome.of_the_machine else attempt(wanted, task.config)
    record_failure(task.folder / task.step.name, f"{outcome.error}: {outcome.reason}", tried)
    on_event(Said(f"{task.title}: FAILED: {outcome.reason}"))
    return Failure(task.pair.name, task.step.name, outcome.reason)


def _hashed(pair: Pair, config: Config) -> Known:
    inputs = load_inputs(pair, config.size)
    return Known(inputs.hashes(), inputs.notes)


def _own(pair: Pair, config: Config) -> Iterator[str]:
    if has_own(pair):
        assert pair.settings is not None
        yield f"lambda {config.smooth.lam:g}; it has its own in {pair.settings.name}"


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
        DatasetError: it belongs to another dataset, whose folder has the same name.
    """
    folder = results / dataset.name
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
        yield folder
