"""Pairs in no folder of the user's, solved at the working size: through both stages, or as a draft."""

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

from msgspec import structs

from pipeline.dataset.file_names import printable
from pipeline.dataset.found_masks import WAYS, with_found_masks
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import choose_pairs
from pipeline.dataset.pairs import Dataset, Pair
from pipeline.events.summary import Failure, Summary
from pipeline.images.photos import Original, Understood
from pipeline.images.reading import read_photo, understand
from pipeline.images.sizes import shrink
from pipeline.settings.config import Config, working_size
from pipeline.steps.catalogue import steps_of
from pipeline.steps.finishing import as_wanted
from pipeline.steps.segment import finder_of
from pipeline.steps.step import TWO_STAGE_IMAGE, Step
from pipeline.store.cache import cache_folder
from pipeline.store.files import LockedError, hash_bytes, lock
from pipeline.transfer.solvable import Read, Solvable, Solved
from stages.smooth.anchor import find_anchor

MOST_BYTES = 2 * 10**9
"""That results take in the cache: those of some hundred photos."""

Run = Callable[[Dataset, Path, Config, Sequence[Step]], Summary]
"""Takes pairs through some steps, with results in a folder; what failed before is tried again."""


def cached_results() -> Path:
    """The folder of their results. It may be deleted at any time: what it held is made again, where it is needed."""
    return cache_folder() / "results"


def tidy(most: int = MOST_BYTES) -> None:
    """Takes away the results that were touched longest ago, so that the others take no more bytes than that.

    A folder that is at work is left alone.
    """
    pairs = [folder for folder in cached_results().glob("*/*") if folder.is_dir()]
    stats = {folder: [file.stat() for file in folder.rglob("*")] for folder in pairs}
    size = {folder: sum(one.st_size for one in stats[folder]) for folder in pairs}
    left = sum(size.values())
    for folder in sorted(pairs, key=lambda folder: max((one.st_mtime for one in stats[folder]), default=0.0)):
        if left <= most:
            return
        with suppress(LockedError), lock(folder.parent):
            shutil.rmtree(folder)
            left -= size[folder]


def solve_pairs(pairs: Sequence[Pair], config: Config, goes_to: Path, run: Run) -> Solvable:
    """Takes pairs as far as they have to be written down: what is left is to read their results, or to make drafts.

    Args:
        pairs: of different names.
        config: all settings.
        goes_to: where the results go in the end: names the place in the cache.
        run: takes them through the steps.

    Raises:
        NetworkError: the network can't be had.
        LockedError: another process works on results for the same place.
        OSError: the disk is full.
    """
    place = goes_to.resolve()
    dataset = Dataset(f"{printable(place.name)}-{hash_bytes(os.fsencode(place))}", place, tuple(pairs), ())
    try:
        return (_ready_for_drafts if config.draft else _through_stages)(dataset, config, run)
    except LockedError as error:
        raise LockedError(
            f"{goes_to}: another command makes results for it: wait for that, or choose another"
        ) from error


def _through_stages(dataset: Dataset, config: Config, run: Run) -> Solvable:
    tidy()
    edge = working_size(config.size)
    working = structs.replace(config, size=edge)
    steps = [step for step in steps_of(working) if not step.compared_only]
    summary = run(dataset, cached_results(), working, steps)

    def solve(pair: Pair, read: Read) -> Solved:
        content = shrink(read(pair.content).original.photo, edge)
        return Solved(content, read_photo(TWO_STAGE_IMAGE.path(summary.folder / pair.name)))

    return _solvable(dataset.pairs, solve, summary.failures)


def _ready_for_drafts(dataset: Dataset, config: Config, run: Run) -> Solvable:
    """The regions are found, where they are wanted; the rest is as quick as reading."""
    edge = working_size(config.size)
    working = structs.replace(config, size=edge)
    dataset, failures = choose_pairs(dataset, working), tuple[Failure, ...]()
    if config.masks in WAYS and any(pair.content_mask is None for pair in dataset.pairs):
        summary = run(dataset, cached_results(), working, [finder_of(working)])
        dataset, failures = with_found_masks(dataset, summary.folder, working), summary.failures

    @lru_cache(1)
    def brought_down(style: Path) -> Understood:
        understood = understand(style)
        return understood._replace(original=Original(shrink(understood.original.photo, edge), None, 8))

    def solve(pair: Pair, read: Read) -> Solved:
        def read_either(photo: Path) -> Understood:
            small = photo == pair.style and photo != pair.content and pair.style_mask is None
            return brought_down(photo) if small else read(photo)

        with ThreadPoolExecutor() as pool:  # both photos at once; what is wrong with one, load_inputs tells
            for photo in (pair.content, pair.style):
                pool.submit(read_either, photo)
        inputs = load_inputs(pair, edge, read=read_either)
        anchor = find_anchor(inputs.content, inputs.style, inputs.regions)
        notes = list(inputs.notes)
        result = as_wanted(anchor, inputs.content, config, notes.append).clip(0, 1)
        return Solved(inputs.content, result, tuple(notes))

    return _solvable(dataset.pairs, solve, failures)


def _solvable(pairs: Sequence[Pair], solve: Callable[[Pair, Read], Solved], failures: tuple[Failure, ...]) -> Solvable:
    failed = {failure.pair for failure in failures}
    sound = [pair for pair in pairs if pair.name not in failed]
    return Solvable({pair.name: partial(solve, pair) for pair in sound}, failures)
