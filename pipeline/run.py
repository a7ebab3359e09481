"""A dataset through the stages: what is current is skipped, a pair that fails is recorded and the others go on."""

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.config import Config, ConfigError, has_own
from pipeline.dataset import Dataset, Pair
from pipeline.decoding import ImageError
from pipeline.files import hash_array
from pipeline.hash_cache import HashCache, Known
from pipeline.inputs import InputError, load_inputs
from pipeline.manifest import publish, record_failure
from pipeline.progress import say, watch
from pipeline.state import START, STARTS, Stage, State, find_state, link_hash, read_link, recipe
from pipeline.steps import EncoderError, Network, make


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
            question = f"{pair.name}: size {config.size}, {pair.mask_rules}"
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
            failures.append(Failure(pair.name, "dataset", f"{type(error).__name__}: {error}"))
        else:
            wanted = {stage: recipe(stage, hashes, links[stage], config) for stage in stages}
            states = {stage: find_state(folder / stage, wanted[stage], config, cache.recall) for stage in stages}
            sound.append(Examined(pair, hashes, notes, states, config))
    cache.save()
    return Examination(tuple(sound), tuple(failures))


def run(
    examined: Sequence[Examined],
    results: Path,
    stages: Sequence[Stage],
    network: Network,
    *,
    force: bool,
) -> Summary:
    """Takes pairs through the stages, in order; a stage that is current is not done again unless forced.

    Args:
        examined: the pairs and what there is of them.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        stages: those to run, earlier ones first.
        network: the encoder of this run.
        force: do again what is current.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    done, kept = 0, 0
    failures: list[Failure] = []
    for number, one in enumerate(examined, start=1):
        label = f"[{number}/{len(examined)}] {one.pair.name}"
        for note in one.notes:
            say(f"{label}: {note}")
        failed: set[Stage] = set()
        for stage in stages:
            folder = results / one.pair.name
            if START.get(stage) in failed:
                failed.add(stage)
                continue
            with recorded(failures, one.pair.name, stage, folder / stage, label):
                made = _advance(one, folder, stage, network, label, force=force)
                done, kept = done + made, kept + (not made)
            if failures and failures[-1][:2] == (one.pair.name, stage):
                failed.add(stage)
    return Summary(done, kept, tuple(failures))


@contextmanager
def recorded(failures: list[Failure], pair: str, what: str, folder: Path, label: str) -> Iterator[None]:
    """Whatever befalls one pair, the others go on: it is added to the failures, told, and written down in `folder`.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        reason = str(error).strip() or type(error).__name__
        record_failure(folder, f"{type(error).__name__}: {reason}")
        failures.append(Failure(pair, what, reason))
        say(f"{label} {what}: FAILED: {reason}")


def _advance(one: Examined, folder: Path, stage: Stage, network: Network, label: str, *, force: bool) -> bool:
    """Brings one stage of one pair up to date; whether there was anything to do."""
    config = one.config
    state = find_state(folder / stage, recipe(stage, one.hashes, link_hash(folder, stage), config), config)
    if state.settled and not force:
        if state.kind == "edited":
            say(f"{label} {stage}: {state.why}; --force makes it again")
        return False
    began = time.perf_counter()
    inputs = load_inputs(one.pair, config.size)
    link = read_link(folder, stage)
    wanted = recipe(stage, inputs.hashes(), None if link is None else hash_array(link), config)
    if wanted is None:
        start = START[stage]
        raise ValueError(f"there is no {STARTS[start].name}: run `photostyle {start}` first")
    with watch(f"{label} {stage}") as on_iterate:
        made = make(stage, inputs, link, config, network, on_iterate)
    publish(folder / stage, wanted, made.outputs, made.facts)
    say(f"{label} {stage}: {time.perf_counter() - began:.1f} s{f' ({state.why})' if state.kind == 'stale' else ''}")
    return True


def _hashed(pair: Pair, config: Config) -> Known:
    inputs = load_inputs(pair, config.size)
    return Known(inputs.hashes(), inputs.notes)


def _own(pair: Pair, config: Config) -> Iterator[str]:
    if has_own(pair):
        assert pair.settings is not None
        yield f"lambda {config.smooth.lam:g}; it has its own in {pair.settings.name}"


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
