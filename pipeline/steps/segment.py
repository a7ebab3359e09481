"""Stage zero: masks for pairs without, found by the photos alone, written where they can be looked at and edited.

They are as large as their photos, in the paper's colours. Later steps read them from there, whoever changed them; masks
beside the photos go before them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipeline.dataset.found_masks import CONTENT_MASK, OVERLAY, STYLE_MASK, WAYS, Way
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.contact_sheet import Tile, contact_sheet
from pipeline.images.encoding import encode_pixels, encode_png
from pipeline.images.masks.classes import describe
from pipeline.images.masks.mask import Mask
from pipeline.networks.semantic_model import describe_model, weights_sha256
from pipeline.settings.config import Config
from pipeline.steps.step import Made, Step, Work, network_memory
from pipeline.store.recall import Recall
from stages.arrays import Labels, Photo
from stages.segment.labels import PALETTE

TINT = 0.5
COLOURS: npt.NDArray[np.uint8] = np.array(list(PALETTE.values()), np.uint8)


def _automatic(work: Work) -> Made:
    from stages.segment.automatic import automatic_labels

    inputs, encoder = work.inputs, work.network.encoder
    labels = automatic_labels(inputs.content, inputs.style, encoder)
    return _masks(work, WAYS["auto"], labels, {"encoder": encoder.architecture})


def _semantic(work: Work) -> Made:
    from stages.segment.semantic import semantic_labels

    inputs, model = work.inputs, work.network.semantic_model
    labels = semantic_labels(inputs.content, model), semantic_labels(inputs.style, model)
    return _masks(work, WAYS["semantic"], labels, describe_model(work.config.segment.model))


def _masks(work: Work, way: Way, labels: tuple[Labels, Labels], facts: Mapping[str, Any]) -> Made:
    names = tuple(way.palette)
    classes = [describe(name, side, names) for name, side in zip((CONTENT_MASK, STYLE_MASK), labels, strict=True)]
    content, style = (painted_at(*of_side) for of_side in zip(labels, work.inputs.shapes, strict=True))
    outputs = {
        CONTENT_MASK: encode_pixels(content),
        STYLE_MASK: encode_pixels(style),
        OVERLAY: encode_png(_overlays(work.pair.name, work.inputs, labels), 8),
    }
    return Made(outputs, {**facts, "device": "cpu", "masks": classes})


def painted_at(labels: Labels, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Labels in the paper's colours, (H, W, 3), at this height and width."""
    full = Mask(None, labels).resampled(shape)
    assert full.numbers is not None
    painted: npt.NDArray[np.uint8] = COLOURS[full.numbers]
    return painted


def _overlays(title: str, inputs: Inputs, labels: tuple[Labels, Labels]) -> Photo:
    tiles = [
        (Tile(side, photo), Tile(f"{side}'s regions", _overlay(photo, of_photo)))
        for side, photo, of_photo in zip(("content", "style"), (inputs.content, inputs.style), labels, strict=True)
    ]
    return contact_sheet(title, tiles)


def _overlay(photo: Photo, labels: Labels) -> Photo:
    """The photo tinted by its regions, with their borders."""
    tinted: Photo = ((1 - TINT) * photo + TINT / 255 * COLOURS[labels]).astype(np.float32)
    tinted[ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)] = 1
    return tinted


def _weights(pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    return {"model": weights_sha256(config.segment.model)}


def _finder(way: Way, version: int, make: Callable[[Work], Made], libraries: tuple[str, ...]) -> Step:
    return Step(
        name=way.folder,
        version=version,
        make=make,
        outputs=(CONTENT_MASK, STYLE_MASK, OVERLAY),
        inputs=("content", "style"),
        finds_masks=True,
        to_be_edited=True,
        memory=network_memory,
        libraries=libraries,
    )


SEGMENT = _finder(WAYS["auto"], 4, _automatic, ("numpy", "torch"))
SEMANTIC = _finder(WAYS["semantic"], 4, _semantic, ("numpy", "torch", "transformers"))._replace(further=_weights)


def finder_of(config: Config) -> Step:
    """The step that finds masks where they are wanted."""
    return SEMANTIC if config.masks == "semantic" else SEGMENT
