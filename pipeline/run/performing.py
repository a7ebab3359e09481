"""The one way in which a task is done: ask whether its result is current; if not, make it and write it down."""

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import InputError, Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.prepared import FOLDER as PREPARED
from pipeline.dataset.prepared import Prepared
from pipeline.events.errors import CrowdedGpuError, concerns_all, is_the_machine_s, reason_of
from pipeline.events.progress import Lines, OnAdvance
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.networks.loaded import Network, Networks
from pipeline.run.memory import peak_memory
from pipeline.run.staleness import State, attempt, find_state, find_whole_state, wanted_recipe
from pipeline.run.task import ClusterError, Outcome, PairTask, Task, WholeTask
from pipeline.run.threads import limit_threads
from pipeline.settings.config import WORKING_SIZE, Config, working_size
from pipeline.steps.step import Made, Step, Work
from pipeline.store.files import hash_array, read_file
from pipeline.store.manifest import publish, read_manifest
from pipeline.store.recall import anew
from stages.arrays import Photo

FATAL_TO_A_PROCESS = "CUDA error", "CUDA driver error", "cuDNN error", "CUDACachingAllocator"
"""In what PyTorch says of errors after which a process can't rely on its GPU any more."""


def perform(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """Does a task, as far as there is anything to do, and writes it down.

    Whatever befalls it is its outcome, but for what would befall all the others too:

    Raises:
        NetworkError: a network can't be had.
        OSError: the disk is full.
    """
    try:
        began = time.perf_counter()
        if isinstance(task, PairTask):
            found = bring_up_to_date(task, network, on_advance)
        else:
            found = bring_whole_up_to_date(task)
        made = not found.settled or task.force
        why = found.why if found.kind in ("other settings", "stale", "incomplete") or not made else ""
        return Outcome(made, time.perf_counter() - began, why)
    except Exception as error:
        if concerns_all(error):
            raise
        reason, tried = reason_of(error), "" if is_the_machine_s(error) else _attempt(task)
        crowded = isinstance(error, CrowdedGpuError)
        spent = crowded or any(sign in reason for sign in FATAL_TO_A_PROCESS)
        return Outcome(error=type(error).__name__, reason=reason, tried=tried, spent=spent, crowded=crowded)


def perform_on_node(task: Task, networks: Networks) -> Outcome:
    """The same on a node of a cluster, in one thread, with lines of progress on the standard error.

    Raises:
        ClusterError: the dataset isn't there.
    """
    limit_threads(1)
    if isinstance(task, PairTask) and not task.pair.content.exists():
        raise ClusterError(f"{task.pair.content} is not there on {os.uname().nodename}: every node needs the dataset")
    return perform(task, networks.of(task.on_gpu), Lines(task.title, partial(print, file=sys.stderr, flush=True)))


def _attempt(task: Task) -> str:
    """Digest of what decides whether a task fails; "" where that can't be known, or it is always tried again."""
    if isinstance(task, WholeTask):
        return ""
    try:
        hashes = _inputs_of(task).hashes()
        wanted = wanted_recipe(task.step, task.pair, task.results, hashes, task.config)
    except (InputError, ImageError):
        return ""
    return "" if wanted is None else attempt(wanted, task.config)


def bring_up_to_date(task: PairTask, network: Network, on_advance: OnAdvance) -> State:
    """Brings one step of one pair up to date; the state in which it was found.

    Raises:
        InputError, ImageError: the pair's files can't be used.
        ValueError: there is no image to start from, or it is of another size than the content.
        NetworkError: the encoder can't be had.
        ArithmeticError, MemoryError: it can't be computed.
        OSError: it can't be written.
    """
    pair, step, config, folder, _, force = task
    inputs, start = _inputs_of(task), _start_of(step, folder)
    further = step.further(pair, folder, config, anew)
    wanted = step.recipe(inputs.hashes(), None if start is None else hash_array(start), further, config)
    place = folder / step.name
    state = find_state(place, wanted, config, step.outputs, to_be_edited=step.to_be_edited)
    if state.settled and not force:
        return state
    if wanted is None:
        assert step.start is not None  # without it, nothing is wanted
        raise ValueError(f"there is no {step.start.name}: run `photostyle {step.start.step}` first")
    began = time.perf_counter()
    if state.kind == "incomplete" and step.previews is not None and not force:
        _make_previews(step.previews, place, step.outputs[0])
        return state
    masked = pair if step.finds_masks else with_found_mask(pair, folder, config)
    start, turned = _fitting(step, start, inputs), step.turned(config)
    made = step.make(Work(masked, folder, inputs, start, turned, network, on_advance, read_photo))
    aside = publish(place, wanted, made.outputs, _recorded(step, made, inputs, config, began))
    told = [f"{name}, which another program changed, is kept as {copy}" for name, copy in aside.items()]
    return state._replace(why="; ".join([*filter(None, [state.why]), *told]))


def bring_whole_up_to_date(task: WholeTask) -> State:
    """The same of a step that sums up a dataset.

    Raises:
        CompareError: there is nothing to sum up.
        OSError: it can't be written.
    """
    wanted = task.step.recipe(task.whole)
    state = find_whole_state(task.step, task.whole)
    if state.settled and not task.force:
        return state
    began = time.perf_counter()
    made = task.step.make(task.whole)
    publish(task.folder, wanted, made.outputs, {**made.facts, "seconds": round(time.perf_counter() - began, 2)})
    return state


def _inputs_of(task: PairTask) -> Inputs:
    """What a step takes of a pair, which may have masks in its folder of results.

    Raises:
        InputError: the pair's files can't be used.
    """
    kept = Prepared(task.results / PREPARED)
    if task.step.finds_masks:
        return load_inputs(task.pair, WORKING_SIZE, kept)
    return load_inputs(with_found_mask(task.pair, task.results, task.config), task.config.size, kept)


def _start_of(step: Step, folder: Path) -> Photo | None:
    """The image that a step starts from, (H, W, 3) in [0, 1]; None where there is none, or it starts from none.

    Raises:
        ImageError: it can't be read.
    """
    path = None if step.start is None else step.start.path(folder)
    return None if path is None or not path.exists() else read_photo(path)


def _fitting(step: Step, start: Photo | None, inputs: Inputs) -> Photo | None:
    """The image that a step starts from, if it starts from one.

    Raises:
        ValueError: it is of another size than the content.
    """
    if step.start is not None and start is not None and start.shape != inputs.content.shape:
        (height, width), (h, w) = start.shape[:2], inputs.content.shape[:2]
        raise ValueError(
            f"the {step.start.name} is {width}x{height}, the content at this size {w}x{h}: "
            f"give the --size it was made with, or run `photostyle {step.start.step}` again"
        )
    return start


def _recorded(step: Step, made: Made, inputs: Inputs, config: Config, began: float) -> dict[str, Any]:
    """What is told of a step, with what every manifest tells; began: by time.perf_counter."""
    return {
        "working_size": working_size(config.size),
        "seconds": round(time.perf_counter() - began, 2),
        "process_peak_mib": peak_memory() // 2**20,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in step.libraries},
        "notes": list(inputs.notes),
        "masks": list(inputs.classes),
        **made.facts,
    }


def _make_previews(previews: Callable[[Photo], Mapping[str, bytes]], place: Path, main: str) -> None:
    """From the output that counts, which is whole; all else that is known of it stays."""
    manifest, image = read_manifest(place), place / main
    assert manifest is not None  # it said what is lost
    publish(place, manifest.recipe, {main: read_file(image), **previews(read_photo(image))}, manifest.facts)
