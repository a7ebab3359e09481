"""What the page shows of each pair: its pictures, its scores, and the places to look at closely."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.compare.methods import Candidate, Gap, find_candidates, painted
from pipeline.dataset.inputs import InputError, Inputs, load_inputs
from pipeline.dataset.layouts import Pair
from pipeline.images.photos import Photo, shrink
from pipeline.pages.report.close_ups import Map, Place, distortion, find_close_ups
from pipeline.pages.report.columns import Scored, ScoreTable, label
from pipeline.pages.report.pictures import Picture, painted_picture, photo_picture, thumbnail

KEY = 480
"""Long edge of the map of distortion, pixels."""


class Shown(NamedTuple):
    """One picture, and the scores of the image on it where it has any."""

    picture: Picture
    scored: Scored | None


class CloseUps(NamedTuple):
    """Where to look, and why there."""

    key: str
    """The content in grey, reddened where stage one distorts it: a data URI."""
    places: tuple[Place, ...]
    pictures: tuple[Picture, ...]
    """The content and every result of its size, to be cropped alike."""
    worst: str
    """The method whose distortion was looked for."""


class PairView(NamedTuple):
    """One pair on the page."""

    number: int
    """From 1, in the order of the dataset: what identifiers are made of."""
    name: str
    shown: tuple[Shown, ...]
    close_ups: CloseUps
    notes: tuple[str, ...]

    @property
    def before(self) -> Picture:
        """What the slider shows on the left at first: the content."""
        return self.shown[0].picture

    @property
    def after(self) -> Picture:
        """What the slider shows on the right at first: two-stage, or the first result that there is."""
        results = {shown.scored.method: shown.picture for shown in self.shown[1:] if shown.scored is not None}
        return results.get("two-stage") or next(iter(results.values()))


def gather(pair: Pair, number: int, folder: Path, size: int, table: ScoreTable) -> PairView | None:
    """Everything about one pair; None where nothing of it was compared.

    Args:
        pair: its files.
        number: from 1.
        folder: of its results.
        size: the working size.
        table: the scores of all images.
    """
    scored = table.of_pair(pair.name)
    try:
        inputs = load_inputs(pair, size)
    except InputError:
        return None  # the comparison has said so
    found = list(find_candidates(pair, folder, inputs, size))
    candidates = [one for one in found if isinstance(one, Candidate) and one.method in scored]
    if not candidates:
        return None
    content = Shown(photo_picture(f"p{number}-content", "content", inputs.content), scored.get("content"))
    results = [
        Shown(photo_picture(f"p{number}-result-{place}", label(one.method), one.image), scored[one.method])
        for place, one in enumerate(candidates, start=1)
    ]
    judged = next((one for one in candidates if one.method == "stage one"), candidates[0])
    map_ = distortion(inputs.content, judged.image)
    close_ups = CloseUps(
        thumbnail(_reddened(inputs.content, map_), KEY),
        tuple(find_close_ups(map_)),
        tuple(one.picture for one in (content, *results)),
        label(judged.method),
    )
    missing = tuple(f"{one.what}: {one.why}" for one in found if isinstance(one, Gap))
    return PairView(
        number, pair.name, (content, *_sources(inputs, number), *results), close_ups, (*inputs.notes, *missing)
    )


def _sources(inputs: Inputs, number: int) -> Iterator[Shown]:
    yield Shown(photo_picture(f"p{number}-style", "style", inputs.style), None)
    for side, labels in (("content", inputs.content_labels), ("style", inputs.style_labels)):
        if labels is not None:
            yield Shown(painted_picture(f"p{number}-{side}-regions", f"{side}'s regions", painted(labels)), None)


def _reddened(content: Photo, distorted: Map) -> Photo:
    """The content in pale grey under a red as dense as the distortion; full at its highest."""
    grey = content.mean(axis=2, keepdims=True) * 0.6 + 0.3
    density = (distorted / max(float(distorted.max()), 1e-12))[..., None] * 0.85
    red = np.array([0.85, 0.15, 0.1])
    mixed: Photo = (grey * (1 - density) + red * density).astype(np.float32)
    return shrink(mixed, KEY)
