"""A dataset before the work: every file read, so that all its faults are known, and what there is of each step."""

from collections.abc import Callable, Iterator, Sequence
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
from pipeline.settings.config import WORKING_SIZE, Config, ConfigError, Size
from pipeline.steps.step import Step
from pipeline.store.hash_cache import HashCache
from pipeline.store.manifest import FAILURE_FILE, record_failure
from pipeline.store.recall import Known


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
            for step in (step for step in steps if step.concerns(pair)):
                hashes = known.hashes
                if step.finds_masks:
                    find_out = partial(_hashed, pair, WORKING_SIZE, kept)
                    hashes = cache.recall(f"{pair.name}: photos", pair.files(), find_out).hashes
                wanted = wanted_recipe(step, pair, folder, hashes, config, cache.recall)
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
