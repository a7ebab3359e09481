"""Whether a stage's result for a pair is still what its inputs and settings would make."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from pipeline.config import Config
from pipeline.files import hash_array
from pipeline.images import read_photo
from pipeline.manifest import Recipe, read_failure, read_manifest
from stages.settings import OneStage, Smooth, Stylize

Stage = Literal["stylize", "smooth", "onestage"]
STAGES: tuple[Stage, ...] = ("stylize", "smooth", "onestage")
VERSIONS: dict[Stage, int] = {"stylize": 2, "smooth": 1, "onestage": 1}
"""Raise a stage's version when its code would make another result of the same inputs and settings."""

LINK = "image.tiff"
"""In the stylize folder: what smooth and onestage start from, whoever made it."""

Kind = Literal["current", "edited", "stale", "failed", "missing"]


class State(NamedTuple):
    """One stage of one pair."""

    kind: Kind
    why: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do."""
        return self.kind in ("current", "edited")


def link_hash(pair_folder: Path) -> str | None:
    """Hash of the stage-one image as it stands in its file; None where there is none.

    Raises:
        ImageError: it is there and can't be read.
    """
    path = pair_folder / "stylize" / LINK
    return hash_array(read_photo(path)) if path.exists() else None


def recipe(stage: Stage, hashes: dict[str, str], link: str | None, config: Config) -> Recipe | None:
    """What decides a stage's result; None for the later stages while there is no stage-one image."""
    if stage == "stylize":
        return Recipe(stage, VERSIONS[stage], hashes, _section(config.stylize))
    if link is None:
        return None
    if stage == "smooth":
        inputs = {"content": hashes["content"], "stage-one image": link}
        return Recipe(stage, VERSIONS[stage], inputs, _section(config.smooth))
    return Recipe(stage, VERSIONS[stage], {**hashes, "stage-one image": link}, _section(config.onestage))


def find_state(folder: Path, wanted: Recipe | None, config: Config) -> State:
    """Compares what is in a stage's folder with what is wanted."""
    state = _compare(folder, wanted, config)
    failure = None if state.settled else read_failure(folder)
    return state if failure is None else State("failed", failure)


def _compare(folder: Path, wanted: Recipe | None, config: Config) -> State:
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
    if manifest.intact(folder):
        return State("current")
    if wanted.stage == "stylize" and (folder / LINK).exists():
        return State("edited", f"{LINK} was changed by hand and is kept")
    return State("stale", "output changed or gone")


def _section(settings: Stylize | Smooth | OneStage) -> dict[str, Any]:
    section: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))  # as it comes back from a manifest
    return section
