"""What the page shows of each pair: its pictures, its scores, and the places to look at closely."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.compare.methods import Candidate, painted
from pipeline.dataset.inputs import Inputs
from pipeline.images.sizes import shrink
from pipeline.pages.report.close_ups import Place, distortion, find_close_ups
from pipeline.pages.report.columns import REFERENCE, Scored, label
from pipeline.pages.report.pictures import Picture, painted_picture, photo_picture, thumbnail
from stages.arrays import Array, Photo

KEY = 480
"""Long edge of the map of distortion, pixels."""


class PairView(NamedTuple):
    """All that is shown of one pair but for its scores."""

    name: str
    pictures: tuple[tuple[Picture, str], ...]
    """Each with its method; "" for what is none. The content comes first."""
    key: str
    """The content in grey, reddened where stage one distorts it: a data URI."""
    places: tuple[Place, ...]
    """Where to look closely."""
    worst: str
    """The method whose distortion was looked for."""
    notes: tuple[str, ...]
    look_command: str = ""
    """What makes a look of the two-stage result; "" where there is none."""


class Shown(NamedTuple):
    """One picture, and the scores of the image on it where it has any."""

    picture: Picture
    scored: Scored | None


class Section(NamedTuple):
    """One pair on the page."""

    number: int
    """From 1, in the order of the dataset: what identifiers are made of."""
    view: PairView
    shown: tuple[Shown, ...]

    @property
    def compared(self) -> tuple[Picture, ...]:
        """The content and every result of its size, to be cropped alike."""
        return tuple(shown.picture for shown in self.shown if shown.scored is not None)

    @property
    def before(self) -> Picture:
        """What the slider shows on the left at first: the content."""
        return self.shown[0].picture

    @property
    def after(self) -> Picture:
        """What the slider shows on the right at first: two-stage, or the first result that there is."""
        results = {shown.scored.method: shown.picture for shown in self.shown[1:] if shown.scored is not None}
        return results.get("two-stage") or next(iter(results.values()))


def gather(
    name: str, inputs: Inputs, candidates: Sequence[Candidate], missing: Sequence[str], look_command: str = ""
) -> PairView:
    """Everything about one pair.

    Args:
        name: the pair's.
        inputs: at the working size.
        candidates: the images that are compared, one at least.
        missing: what is not, in words.
        look_command: what makes a look of the two-stage result, where there is one.
    """
    results = [
        (photo_picture(f"result-{place}", label(one.method), one.image), one.method)
        for place, one in enumerate(candidates, start=1)
    ]
    content = photo_picture("content", "content", inputs.content), REFERENCE
    judged = next((one for one in candidates if one.method == "stage one"), candidates[0])
    map_ = distortion(inputs.content, judged.image)
    return PairView(
        name,
        (content, *((picture, "") for picture in _sources(inputs)), *results),
        thumbnail(_reddened(inputs.content, map_), KEY),
        tuple(find_close_ups(map_)),
        label(judged.method),
        (*inputs.notes, *missing),
        look_command,
    )


def with_scores(number: int, view: PairView, scored: Mapping[str, Scored]) -> Section | None:
    """One pair for the page; None where nothing of it was compared.

    Args:
        number: from 1.
        view: what it has to show.
        scored: the scores of its images by method.
    """
    shown = [
        Shown(picture._replace(id=f"p{number}-{picture.id}"), scored.get(method))
        for picture, method in view.pictures
        if not method or method in scored
    ]
    results = [one for one in shown[1:] if one.scored is not None]
    return Section(number, view, tuple(shown)) if REFERENCE in scored and results else None


def _sources(inputs: Inputs) -> Iterator[Picture]:
    yield photo_picture("style", "style", inputs.style)
    for side, labels in (("content", inputs.content_labels), ("style", inputs.style_labels)):
        if labels is not None:
            yield painted_picture(f"{side}-regions", f"{side}'s regions", painted(labels))


def _reddened(content: Photo, distorted: Array) -> Photo:
    """The content in pale grey under a red as dense as the distortion; full at its highest."""
    grey = content.mean(axis=2, keepdims=True) * 0.6 + 0.3
    density = (distorted / max(float(distorted.max()), 1e-12))[..., None] * 0.85
    red = np.array([0.85, 0.15, 0.1])
    mixed: Photo = (grey * (1 - density) + red * density).astype(np.float32)
    return shrink(mixed, KEY)
