"""Whether a stage's result for a pair is still what its inputs and settings would make."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import ALPHA, FULL_SIZE
from pipeline.images.decoding import ImageError
from pipeline.images.photos import Photo, read_photo
from pipeline.store.files import hash_array, hash_bytes
from pipeline.store.hash_cache import Known, Recall, anew
from pipeline.store.manifest import Recipe, read_failure, read_manifest
from stages.settings import OneStage, Smooth, Stylize

Stage = Literal["stylize", "smooth", "native", "onestage"]
VERSIONS: dict[Stage, int] = {"stylize": 4, "smooth": 2, "native": 1, "onestage": 2}
"""Raise a stage's version when its code would make another result of the same inputs and settings."""

LINK = "image.tiff"
"""In the stylize folder: what smooth and onestage start from, whoever made it."""

START: dict[Stage, Stage] = {"smooth": "stylize", "native": "smooth", "onestage": "stylize"}
"""The stage from whose image each later one starts."""


class Start(NamedTuple):
    """An image that later stages start from."""

    name: str
    file: str
    """In its stage's folder."""


STARTS: dict[Stage, Start] = {
    "stylize": Start("stage-one image", LINK),
    "smooth": Start("two-stage image", "image16.png"),
}

OF_CONTENT: dict[Stage, tuple[str, ...]] = {
    "smooth": ("content", "content regions", ALPHA),
    "native": ("content", FULL_SIZE),
}
"""What stage two and its enlargement take of the inputs beside that image."""

Kind = Literal["current", "edited", "stale", "failed", "missing"]


class State(NamedTuple):
    """One stage of one pair."""

    kind: Kind
    why: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do."""
        return self.kind in ("current", "edited")


def stages_of(config: Config) -> tuple[Stage, ...]:
    """The stages that there are with these settings, in order."""
    return ("stylize", "smooth", "native", "onestage") if config.size == "native" else ("stylize", "smooth", "onestage")


def read_link(pair_folder: Path, stage: Stage = "smooth") -> Photo | None:
    """The image that a stage starts from, as it stands in a pair's folder; None where there is none.

    Raises:
        ImageError: it can't be read.
    """
    path = _link_path(pair_folder, stage)
    return None if path is None else read_photo(path)


def _link_path(pair_folder: Path, stage: Stage) -> Path | None:
    if stage not in START:
        return None
    path = pair_folder / START[stage] / STARTS[START[stage]].file
    return path if path.exists() else None


def link_hash(pair_folder: Path, stage: Stage = "smooth", recall: Recall = anew) -> str | None:
    """Hash of the image that `read_link` gives; None where there is none, or it is ours and damaged: made again, then.

    Raises:
        ImageError: it is the stage-one image, which may be anybody's, and can't be read.
    """
    path = _link_path(pair_folder, stage)
    if path is None:
        return None
    start = STARTS[START[stage]].name
    try:
        known = recall(f"{pair_folder.name}: {start}", [path], lambda: Known({start: hash_array(read_photo(path))}))
    except ImageError:
        if START[stage] == "stylize":
            raise
        return None
    return known.hashes[start]


def recipe(stage: Stage, hashes: dict[str, str], link: str | None, config: Config) -> Recipe | None:
    """What decides a stage's result; None for the later stages while there is no image to start from."""
    at_work = {name: digest for name, digest in hashes.items() if name != FULL_SIZE}
    if stage == "stylize":
        return Recipe(stage, VERSIONS[stage], at_work, _section(config.stylize))
    if link is None:
        return None
    start = {STARTS[START[stage]].name: link}
    if stage == "onestage":
        return Recipe(stage, VERSIONS[stage], at_work | start, _section(config.onestage))
    content = {name: digest for name, digest in hashes.items() if name in OF_CONTENT[stage]}
    return Recipe(stage, VERSIONS[stage], content | start, _section(config.smooth) if stage == "smooth" else {})


def find_state(folder: Path, wanted: Recipe | None, config: Config, recall: Recall = anew) -> State:
    """Compares what is in a stage's folder with what is wanted; failed is what did so on these inputs and settings."""
    state = _compare(folder, wanted, config, recall)
    failure = None if state.settled or wanted is None else read_failure(folder)
    if failure is None or wanted is None or failure.attempt != attempt(wanted, config):
        return state
    return State("failed", failure.text)


def attempt(wanted: Recipe, config: Config) -> str:
    """Digest of what decides whether a stage fails: its recipe, and on which device and encoder it runs."""
    return hash_bytes(f"{wanted.fingerprint()} {config.device} {config.encoder}".encode())


def _compare(folder: Path, wanted: Recipe | None, config: Config, recall: Recall) -> State:
    if wanted is None:
        return State("missing")
    manifest = read_manifest(folder)
    if manifest is None:
        return State("missing")
    if changes := wanted.changes(manifest.recipe):
        return State("stale", ", ".join(changes))
    ran = manifest.facts.get("encoder")
    if ran is not None and config.encoder not in ("auto", ran):
        return State("stale", f"encoder {ran} -> {config.encoder}")
    if manifest.intact(folder, recall):
        return State("current")
    if wanted.stage == "stylize" and (folder / LINK).exists():
        return State("edited", f"{LINK} was changed by hand and is kept")
    return State("stale", "output changed or gone")


def _section(settings: Stylize | Smooth | OneStage) -> dict[str, Any]:
    section: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))  # as it comes back from a manifest
    return section
