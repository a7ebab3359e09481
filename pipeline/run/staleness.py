"""Whether a step's result for a pair is still what its inputs and settings would make, and whether it is ours at all.

Who made a file comes before whether it is stale: what is not byte for byte what we wrote is somebody else's, and kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace

from pipeline.dataset.pairs import Pair
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.settings.config import Config, working_size
from pipeline.steps.step import Start, Step, Whole, WholeStep
from pipeline.store.files import hash_array, hash_bytes
from pipeline.store.manifest import Manifest, Recipe, foreign_files, read_failure, read_manifest
from pipeline.store.recall import Known, Recall, anew

Kind = Literal["current", "foreign", "other settings", "stale", "incomplete", "failed", "missing"]


class State(NamedTuple):
    """One step of one pair."""

    kind: Kind
    """Foreign is a result that somebody else made or changed; one of other settings would be current with those that it
    was made with; incomplete is one whose previews were lost."""
    why: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do."""
        return self.kind in ("current", "foreign")


class Examined(NamedTuple):
    """One pair before the work, and what there is of each step that concerns it."""

    pair: Pair
    notes: tuple[str, ...]
    states: dict[str, State]
    """By the steps' names."""
    config: Config
    """The settings of this pair."""


def find_state(
    folder: Path,
    wanted: Recipe | None,
    config: Config,
    outputs: Sequence[str] = (),
    recall: Recall = anew,
    *,
    to_be_edited: bool = False,
) -> State:
    """Compares what is in a step's folder with what is wanted.

    Args:
        folder: the step's.
        wanted: what decides its result; None while that isn't known.
        config: all settings of the pair.
        outputs: the step's files, the one that counts first; none for what may be made anew at any time.
        recall: for the hashes of files.
        to_be_edited: whether all outputs are there to be edited, and kept until what they were made from changes.

    Returns:
        Among others "failed", for a result that could not be made of the same inputs and settings.
    """
    state = _compare(folder, wanted, config, outputs, recall, to_be_edited)
    failure = None if state.settled or wanted is None else read_failure(folder)
    if failure is None or wanted is None or failure.attempt != attempt(wanted, config):
        return state
    return State("failed", failure.text)


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


def find_whole_state(step: WholeStep, whole: Whole) -> State:
    """Whether the result of a step that sums up a dataset is there, and still what would be made."""
    return find_state(whole.results / step.folder, step.recipe(whole), whole.config)


def attempt(wanted: Recipe, config: Config) -> str:
    """Digest of what decides whether a step fails: its recipe, and on which device and encoder it runs."""
    return hash_bytes(f"{wanted.fingerprint()} {config.device} {config.encoder}".encode())


def _compare(
    folder: Path,
    wanted: Recipe | None,
    config: Config,
    outputs: Sequence[str],
    recall: Recall,
    to_be_edited: bool,
) -> State:
    manifest, foreign = read_manifest(folder), foreign_files(folder, outputs, recall)
    outdated = manifest is not None and (wanted is None or wanted.fingerprint() != manifest.fingerprint)
    kept = foreign and not outdated if to_be_edited else outputs and outputs[0] in foreign
    if kept:
        how = "not made here" if manifest is None else "changed by hand"
        names = " and ".join(foreign) if to_be_edited else outputs[0]
        return State("foreign", f"{names} was {how} and is kept; --force replaces it, after a copy")
    if wanted is None or manifest is None:
        return State("missing")
    if wanted.fingerprint() != manifest.fingerprint:
        return _outdated(wanted, manifest, working_size(config.size))
    ran = manifest.facts.get("encoder")
    if ran is not None and config.encoder not in ("auto", ran):
        return State("other settings", f"encoder {ran} -> {config.encoder}")
    lost = [name for name in manifest.outputs if name in outputs and not (folder / name).exists()]
    if lost:
        return State("stale" if outputs[0] in lost else "incomplete", f"{' and '.join(lost)} gone")
    if foreign:
        later = f"later steps start from {outputs[0]}; save it there"
        return State("current", f"{' and '.join(foreign)} was changed by hand, which counts for nothing: {later}")
    return State("current") if manifest.intact(folder, recall) else State("stale", "output changed or gone")


def _outdated(wanted: Recipe, manifest: Manifest, size: int) -> State:
    """In words; with another size, all that is read is another, which is not told one by one."""
    made, before = manifest.recipe, manifest.facts.get("working_size", size)
    words = [] if before == size else [f"size {before} -> {size}"]
    if words:
        made = replace(made, inputs=wanted.inputs)
    only_set = replace(made, settings=wanted.settings) == wanted
    return State("other settings" if only_set else "stale", ", ".join([*words, *wanted.changes(made)]))
