"""The one way in which a step is done: ask whether its result is current; if not, make it and write it down."""

import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.pairs import Pair
from pipeline.events.progress import OnAdvance
from pipeline.images.reading import read_photo
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config, Size, working_size
from pipeline.store.files import hash_array, read_file
from pipeline.store.hash_cache import anew
from pipeline.store.manifest import FILE, publish, read_manifest
from pipeline.upkeep.memory import peak_memory
from pipeline.upkeep.staleness import State, find_state
from pipeline.upkeep.step import Made, Step, Work
from pipeline.upkeep.whole import Whole, WholeStep
from stages.arrays import Photo


def bring_up_to_date(
    step: Step,
    pair: Pair,
    folder: Path,
    config: Config,
    network: Network,
    on_advance: OnAdvance,
    *,
    force: bool = False,
) -> State:
    """Brings one step of one pair up to date; the state in which it was found.

    Args:
        step: which.
        pair: its files.
        folder: of its results.
        config: all settings of the pair.
        network: the networks of this run, loaded when first asked for.
        on_advance: told how far it is.
        force: make it even if it is current; what is somebody else's is copied first.

    Raises:
        InputError, ImageError: the pair's files can't be used.
        ValueError: there is no image to start from, or it is of another size than the content.
        NetworkError: the encoder can't be had.
        ArithmeticError, MemoryError: it can't be computed.
        OSError: it can't be written.
    """
    inputs, start = step.load(pair, folder, config), None if step.start is None else step.start.read(folder)
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
    made = step.make(Work(masked, folder, inputs, start, turned, network, on_advance))
    publish(place, wanted, made.outputs, _recorded(step, made, inputs, config, began))
    return state


def bring_whole_up_to_date(step: WholeStep, whole: Whole, *, force: bool = False) -> State:
    """The same of a step that sums up a dataset.

    Raises:
        CompareError: there is nothing to sum up.
        OSError: it can't be written.
    """
    wanted = step.recipe(whole)
    state = step.state(whole)
    if state.settled and not force:
        return state
    began = time.perf_counter()
    made = step.make(whole)
    facts = {**made.facts, "seconds": round(time.perf_counter() - began, 2)}
    publish(whole.results / step.folder, wanted, made.outputs, facts)
    return state


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


def size_made(pair_folder: Path) -> Size | None:
    """The size that a pair's results were made with; None where that is not known."""
    stage_one = read_manifest(pair_folder / "stylize")
    size: int | None = None if stage_one is None else stage_one.facts.get("working_size")
    return "native" if size == working_size("native") and (pair_folder / "native" / FILE).exists() else size


def _make_previews(previews: Callable[[Photo], Mapping[str, bytes]], place: Path, main: str) -> None:
    """From the output that counts, which is whole; all else that is known of it stays."""
    manifest, image = read_manifest(place), place / main
    assert manifest is not None  # it said what is lost
    publish(place, manifest.recipe, {main: read_file(image), **previews(read_photo(image))}, manifest.facts)
