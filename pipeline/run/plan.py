"""A dataset through the stages: what is current is skipped, a pair that fails is recorded and the others go on."""

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.config import Config, ConfigError, has_own
from pipeline.dataset.file_names import names_a_folder
from pipeline.dataset.inputs import InputError, load_inputs
from pipeline.dataset.layouts import Dataset, Pair
from pipeline.images.raster import ImageError
from pipeline.run.pace import Pace
from pipeline.run.schedule import Crew, carry_out
from pipeline.run.task import Outcome, Task
from pipeline.steps.progress import Step, say, watch
from pipeline.steps.staleness import START, Stage, State, attempt, find_state, link_hash, recipe
from pipeline.store.hash_cache import HashCache, Known
from pipeline.store.manifest import FAILURE_FILE, record_failure
from pipeline.store.system_errors import reason_of


class Examined(NamedTuple):
    """One pair before the work: the hashes of its inputs, and what there is of each stage."""

    pair: Pair
    hashes: dict[str, str]
    notes: tuple[str, ...]
    states: dict[Stage, State]
    config: Config
    """The settings of this pair."""


class Failure(NamedTuple):
    """Why something of a pair could not be done."""

    pair: str
    what: str
    reason: str


class Summary(NamedTuple):
    """What a run came to."""

    done: int
    """Results made."""
    kept: int
    """Results that were current."""
    failures: tuple[Failure, ...]

    def counting(self, results: int, *, settled: bool) -> "Summary":
        """With some more results, made or found current."""
        return self._replace(kept=self.kept + results) if settled else self._replace(done=self.done + results)


class Examination(NamedTuple):
    """Examining a dataset: the sound pairs, and the faults of all the others."""

    sound: tuple[Examined, ...]
    failures: tuple[Failure, ...]


def examine(
    dataset: Dataset, results: Path, stages: Sequence[Stage], settings_of: Callable[[Pair], Config]
) -> Examination:
    """Reads every file of a dataset, so that all its faults are known before any work starts, and finds what is there.

    What was read before and not touched since is not decoded again.

    Args:
        dataset: the pairs.
        results: the folder that holds one folder for each pair.
        stages: those to look at.
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
            links = {stage: link_hash(folder, stage, cache.recall) for stage in stages}
        except InputError as error:
            failures += [Failure(pair.name, "dataset", line) for line in str(error).splitlines()]
        except ConfigError as error:
            failures += [Failure(pair.name, "settings", line) for line in str(error).splitlines()]
        except ImageError as error:
            failures.append(Failure(pair.name, "stage-one image", f"{error}; or delete it, and it is made again"))
        except Exception as error:  # whatever it is, the other pairs go on
            failures.append(Failure(pair.name, "dataset", reason_of(error)))
        else:
            wanted = {stage: recipe(stage, hashes, links[stage], config) for stage in stages}
            states = {stage: find_state(folder / stage, wanted[stage], config, cache.recall) for stage in stages}
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
    stages: Sequence[Stage],
    again: Again,
    hire: Callable[[Sequence[Task]], AbstractContextManager[Crew]],
) -> Summary:
    """Takes pairs through the stages, as far as there is anything to do.

    Args:
        examined: the pairs and what there is of them.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        stages: those to run, earlier ones first.
        again: what to do although nothing has changed.
        hire: gets those who do the tasks, if there are any.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    tasks, summary = _plan(examined, results, stages, again)
    if not tasks:
        return summary
    failures = list(summary.failures)
    pace, began = Pace(task.stage for task in tasks), time.monotonic()
    with hire(tasks) as crew, watch("dataset") as on_step:
        for task, outcome in carry_out(tasks, crew):
            pace.count(task.stage, 0.0 if outcome is None else outcome.seconds)
            on_step(Step(pace.done, pace.total, "", pace.remaining(time.monotonic() - began)))
            if outcome is None:
                continue
            if outcome.error:
                failures.append(_record(task, outcome))
                continue
            summary = summary.counting(1, settled=not outcome.made)
            if outcome.made:
                say(f"{task.title}: {outcome.seconds:.1f} s{f' ({outcome.why})' if outcome.why else ''}")
    return summary._replace(failures=tuple(failures))


class Plan(NamedTuple):
    """What there is to do, and what comes of the rest."""

    tasks: tuple[Task, ...]
    summary: Summary


def _plan(examined: Sequence[Examined], results: Path, stages: Sequence[Stage], again: Again) -> Plan:
    tasks: list[Task] = []
    kept, failures = 0, []
    for number, one in enumerate(examined, start=1):
        label = f"[{number}/{len(examined)}] {one.pair.name}"
        for note in one.notes:
            say(f"{label}: {note}")
        due, out_of_reach = set[Stage](), set[Stage]()
        for stage in stages:
            state, start = one.states[stage], START.get(stage)
            if start in out_of_reach:
                out_of_reach.add(stage)
            elif again.current or start in due:
                due.add(stage)
            elif state.settled:
                kept += 1
                if state.kind == "edited":
                    say(f"{label} {stage}: {state.why}; --force makes it again")
            elif state.kind == "failed" and not again.failed:
                out_of_reach.add(stage)
                failures.append(Failure(one.pair.name, stage, f"{state.why} (before; --retry-failed tries again)"))
            else:
                due.add(stage)
        for stage in filter(due.__contains__, stages):
            tasks.append(Task(one.pair, stage, one.config, one.hashes, results / one.pair.name, label, again.current))
    return Plan(tuple(tasks), Summary(0, kept, tuple(failures)))


def _record(task: Task, outcome: Outcome) -> Failure:
    """Tells why a task failed, and writes it down together with what was tried."""
    try:
        wanted = recipe(task.stage, task.hashes, link_hash(task.folder, task.stage), task.config)
    except ImageError:  # the stage-one image is at fault
        wanted = None
    tried = "" if wanted is None or outcome.of_the_system else attempt(wanted, task.config)
    record_failure(task.folder / task.stage, f"{outcome.error}: {outcome.reason}", tried)
    say(f"{task.title}: FAILED: {outcome.reason}")
    return Failure(task.pair.name, task.stage, outcome.reason)


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
    """`results/<dataset>`, made where it is missing.

    Raises:
        OSError: it can't be made or written to.
    """
    folder = results / dataset.name
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "no permission to write", str(folder))
    return folder
