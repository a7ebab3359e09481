"""What is written of a pair in numbers and in pictures, and read again where a dataset is summed up."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipeline.compare.methods import Gap
from pipeline.compare.score_table import Row
from pipeline.compare.sweep_table import Point
from pipeline.dataset.inputs import AT_WORK
from pipeline.pages.report.gather import PairView
from pipeline.store.files import read_file
from pipeline.store.manifest import read_manifest


class Written(NamedTuple):
    """A file among a pair's results."""

    step: str
    """That writes it, into a folder of its name."""
    file: str


SCORE_FILE = Written("scores", "scores.json")
POINT_FILE = Written("sweep", "points.json")
VIEW_FILE = Written("view", "view.json")


class PairScores(NamedTuple):
    """The scores of a pair's images, and what is missing from them."""

    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]


def read_scores(folder: Path) -> PairScores | None:
    """From a pair's folder; None where they are not there, or not as they were written."""
    scores: PairScores | None = _read(folder, SCORE_FILE, PairScores)
    return scores


def read_view(folder: Path) -> PairView | None:
    """What the report shows of a pair; None where that is nothing, or not there, or not as it was written."""
    view: PairView | None = _read(folder, VIEW_FILE, PairView | None)
    return view


def read_points(folder: Path) -> tuple[Point, ...]:
    """What a sweep left in a pair's folder, where it is of the images that its scores are of."""
    swept, scored = read_manifest(folder / POINT_FILE.step), read_manifest(folder / SCORE_FILE.step)
    alike = (*AT_WORK, "stage one")
    if swept is None or scored is None:
        return ()
    if any(swept.recipe.inputs.get(name) != scored.recipe.inputs.get(name) for name in alike):
        return ()
    return _read(folder, POINT_FILE, tuple[Point, ...]) or ()


def _read(folder: Path, written: Written, kind: Any) -> Any:
    place = folder / written.step
    manifest = read_manifest(place)
    if manifest is None or not manifest.intact(place):
        return None
    return msgspec.json.decode(read_file(place / written.file), type=kind)
