"""A dataset before the work: every file read, so that all its faults are known, and what there is of each step."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import names_a_folder
from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import InputError
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Dataset, Pair
from pipeline.dataset.prepared import FOLDER as PREPARED
from pipeline.dataset.prepared import Prepared, Room
from pipeline.events.errors import concerns_all, reason_of
from pipeline.events.summary import Failure
from pipeline.images.raster import ImageError
from pipeline.run.staleness import Examined, State, find_state, wanted_recipe
from pipeline.run.workers.cores import available_cores
from pipeline.run.workers.room import room_for
from pipeline.settings.config import WORKING_SIZE, Config, ConfigError, Size
from pipeline.steps.step import Step
from pipeline.store.hash_cache import HashCache
from pipeline.store.manifest import FAILURE_FILE, record_failure
from pipeline.store.recall import Known
from stages.free_memory import free_memory

BYTES_AT_ONCE = 3_600_000_000
"""Free memory for each pair that is read: two photos of 150 megapixels, the most that is read, take so much."""


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
        steps: those to look at, earlier ones first.
        settings_of: all settings of a pair.
        prepare: whether photos are kept for the work, brought down to its size.

    Raises:
        NetworkError: the semantic model can't be had.
    """
    cache, room = HashCache(results), Room(results) if prepare else None
    look_at = partial(_examined, results=results, steps=steps, settings_of=settings_of, cache=cache, room=room)
    at_once = room_for([BYTES_AT_ONCE] * len(dataset.pairs), available_cores(), free_memory())
    # Decoders silence their warnings one by one, which is no work for several threads: they are silent throughout.
    with warnings.catch_warnings(), ThreadPoolExecutor(at_once) as threads:
        warnings.simplefilter("ignore")
        found = list(threads.map(look_at, dataset.pairs))
    cache.save()
    failures = [Failure(fault.pair, "dataset", fault.text) for fault in dataset.faults]
    failures += [failure for _, faults in found for failure in faults]
    return Examination(tuple(one for one, _ in found if one is not None), tuple(failures))


def _examined(
    pair: Pair,
    results: Path,
    steps: Sequence[Step],
    settings_of: Callable[[Pair], Config],
    cache: HashCache,
    room: Room | None,
) -> tuple[Examined | None, list[Failure]]:
    """A pair; or its faults, if it has any."""
    folder = results / pair.name
    try:
        config = settings_of(pair)
        masked = with_found_mask(pair, folder, config)
        question = f"{pair.name}: size {config.size}, {masked.mask_rules}, {len(masked.files())} files"
        kept = None if room is None else Prepared(folder / PREPARED, room)
        known = cache.recall(question, masked.files(), partial(_hashed, masked, config.size, kept))
        states = dict[str, State]()
        for step in (step for step in steps if step.concerns(pair)):
            hashes = known.hashes
            if step.finds_masks:
                find_out = partial(_hashed, pair, WORKING_SIZE, kept)
                hashes = cache.recall(f"{pair.name}: photos", pair.files(), find_out).hashes
            wanted = wanted_recipe(step, pair, folder, hashes, config, cache.recall)
            place, edited = folder / step.name, step.to_be_edited
            states[step.name] = find_state(place, wanted, config, step.outputs, cache.recall, to_be_edited=edited)
    except InputError as error:
        return None, [Failure(pair.name, "dataset", line) for line in str(error).splitlines()]
    except ConfigError as error:
        return None, [Failure(pair.name, "settings", line) for line in str(error).splitlines()]
    except ImageError as error:
        return None, [Failure(pair.name, "stage-one image", f"{error}; or delete it, and it is made again")]
    except Exception as error:  # whatever it is, the other pairs go on
        if concerns_all(error):
            raise
        return None, [Failure(pair.name, "dataset", reason_of(error))]
    return Examined(pair, (*known.notes, *_own(pair, config)), states, config), []


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


def _hashed(pair: Pair, size: Size, kept: Prepared | None) -> Known:
    inputs = load_inputs(pair, size, kept)
    return Known(inputs.hashes(), inputs.notes)


def _own(pair: Pair, config: Config) -> Iterator[str]:
    if (own := pair.own_settings()) is not None:
        yield f"lambda {config.smooth.lam:g}; it has its own in {own.name}"
