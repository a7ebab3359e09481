"""What a step takes from the disk, and what decides its result: the disk is the only link between the stages."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.dataset.found_masks import with_found_mask
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.dataset.prepared import FOLDER as PREPARED
from pipeline.dataset.prepared import Prepared
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.settings.config import WORKING_SIZE, Config
from pipeline.steps.step import Start, Step
from pipeline.store.files import hash_array
from pipeline.store.hash_cache import Known, Recall, anew
from pipeline.store.manifest import Recipe
from stages.arrays import Photo


def inputs_of(step: Step, pair: Pair, folder: Path, config: Config) -> Inputs:
    """What a step takes of a pair, which may have masks in its folder of results.

    Raises:
        InputError: the pair's files can't be used.
    """
    kept = Prepared(folder / PREPARED)
    if step.finds_masks:
        return load_inputs(pair, WORKING_SIZE, kept)
    return load_inputs(with_found_mask(pair, folder, config), config.size, kept)


def start_of(step: Step, folder: Path) -> Photo | None:
    """The image that a step starts from, (H, W, 3) in [0, 1]; None where there is none, or it starts from none.

    Raises:
        ImageError: it can't be read.
    """
    path = None if step.start is None else step.start.path(folder)
    return None if path is None or not path.exists() else read_photo(path)


def wanted_recipe(
    step: Step, pair: Pair, folder: Path, hashes: Mapping[str, str], config: Config, recall: Recall = anew
) -> Recipe | None:
    """As `Step.recipe`, with all that lies in a pair's folder of results.

    Raises:
        ImageError: the image that it starts from may be anybody's, and can't be read.
    """
    start = None if step.start is None else _digest(step.start, folder, recall)
    return step.recipe(hashes, start, step.further(pair, folder, config, recall), config)


def _digest(start: Start, folder: Path, recall: Recall) -> str | None:
    """Hash of the image; None where there is none, or it is ours and damaged: made again, then.

    Raises:
        ImageError: it may be anybody's, and can't be read.
    """
    path, question = start.path(folder), f"{folder.name}: {start.name}"
    if not path.exists():
        return None
    try:
        return recall(question, [path], lambda: Known({start.name: hash_array(read_photo(path))})).hashes[start.name]
    except ImageError:
        if start.anybody_s:
            raise
        return None
