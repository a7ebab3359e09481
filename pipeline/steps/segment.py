"""Masks for pairs without: found by the photos alone, written where they can be looked at and edited.

They lie in a folder of the pair's results, each as large as its photo, in the paper's colours. Later stages read them
from there, whoever changed them; masks beside the photos go before them.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipeline.dataset.config import WORKING_SIZE, Config, Size
from pipeline.dataset.inputs import InputError, Inputs, load_inputs
from pipeline.dataset.layouts import Dataset, Pair
from pipeline.images.contact_sheet import Tile, contact_sheet
from pipeline.images.encoding import encode_pixels, encode_png
from pipeline.images.masks import Labels, Mask, describe
from pipeline.images.photos import Photo, read_original
from pipeline.networks.semantic_model import describe_model, weights_sha256
from pipeline.run.isolation import isolated
from pipeline.run.plan import Failure
from pipeline.steps.network import Network
from pipeline.steps.progress import OnEvent, Said, ignore
from pipeline.store.hash_cache import HashCache, Known
from pipeline.store.manifest import Recipe, publish, read_manifest
from stages.segment.ade20k import GROUP_PALETTE
from stages.segment.labels import PALETTE, Colour

CONTENT_MASK, STYLE_MASK, OVERLAY = "content_mask.png", "style_mask.png", "overlay.png"
VERSION = 4
"""Raised when the code would find other regions in the same photos."""

TINT = 0.5
COLOURS: npt.NDArray[np.uint8] = np.array(list(PALETTE.values()), np.uint8)


class Way(NamedTuple):
    """A way to find regions."""

    folder: str
    """Of a pair's results, for its masks."""
    palette: Mapping[str, Colour]
    """The paper's colours, in their order, with the names of what they stand for."""


WAYS = {"auto": Way("segment", PALETTE), "semantic": Way("semantic", GROUP_PALETTE)}
"""By the value of the setting `masks`."""

Find = Callable[[Photo, Photo], tuple[Labels, Labels]]
"""From a content and a style to the labels of both, indices into the way's palette."""


class Segmented(NamedTuple):
    """A dataset all of whose pairs have masks, but for those that failed."""

    dataset: Dataset
    failures: tuple[Failure, ...]


def segment(
    dataset: Dataset, results: Path, config: Config, network: Network, *, force: bool, on_event: OnEvent = ignore
) -> Segmented:
    """Finds masks for the pairs that have none, unless they are there for these photos.

    Args:
        dataset: the pairs.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        config: the way, and the network that is wanted for it.
        network: those of this run; not loaded when there is nothing to do.
        force: find again what is there, also what was edited, after a copy.
        on_event: told what is going on.

    Raises:
        EncoderError: the encoder can't be had.
        SemanticModelError: the semantic model can't.
        OSError: the disk is full.
    """
    way = way_of(config)
    failures: list[Failure] = []
    cache = HashCache(results)
    for number, pair in enumerate(dataset.pairs, start=1):
        if pair.content_mask is not None:
            continue
        folder, label = results / pair.name / way.folder, f"[{number}/{len(dataset.pairs)}] {pair.name}"
        with isolated(failures, pair.name, way.folder, folder, label, on_event):
            try:
                known = cache.recall(f"{pair.name}: photos", pair.files(), partial(_photos, pair))
            except InputError:
                continue  # whoever reads the pair for its stages says what is wrong with its photos
            wanted = _recipe(known, config)
            if force or not _is_there(folder, wanted, config):
                _make(pair, folder, wanted, config, network, label, on_event)
    cache.save()
    return Segmented(with_found_masks(dataset, results, way), tuple(failures))


def way_of(config: Config) -> Way:
    """The way in which regions are found where they are wanted."""
    return WAYS.get(config.masks, WAYS["auto"])


def with_found_masks(dataset: Dataset, results: Path, way: Way) -> Dataset:
    """Pairs without masks take those that were found in that way, where they are there."""
    return dataset._replace(pairs=tuple(with_found_mask(pair, results / pair.name, way) for pair in dataset.pairs))


def with_found_mask(pair: Pair, folder: Path, way: Way) -> Pair:
    """The pair with the masks in its folder of results, if it has none of its own and they are there."""
    content, style = (folder / way.folder / name for name in (CONTENT_MASK, STYLE_MASK))
    if pair.content_mask is not None or not (content.exists() and style.exists()):
        return pair
    rules = pair.mask_rules._replace(palette=way.palette)
    return pair._replace(content_mask=content, style_mask=style, mask_rules=rules)


def segment_pair(pair: Pair, folder: Path, config: Config, network: Network) -> Pair:
    """One pair without masks, anew, into its folder of results.

    Raises:
        InputError: its photos can't be read.
        EncoderError: the encoder can't be had.
        SemanticModelError: the semantic model can't.
    """
    way = way_of(config)
    _make(pair, folder / way.folder, _recipe(_photos(pair), config), config, network, pair.name, ignore)
    return with_found_mask(pair, folder, way)


def mask_report(pair: Pair, size: Size) -> tuple[list[str], tuple[Failure, ...]]:
    """A pair's masks as they are read: classes with their areas, and all that is put right; or what is wrong."""
    try:
        inputs = load_inputs(pair, size)
    except InputError as error:
        return [], tuple(Failure(pair.name, "dataset", line) for line in str(error).splitlines())
    return [*(inputs.classes or ["no masks: one region"]), *inputs.notes], ()


def _photos(pair: Pair) -> Known:
    hashes = load_inputs(pair, WORKING_SIZE).hashes()
    return Known({side: hashes[side] for side in ("content", "style")})


def _recipe(photos: Known, config: Config) -> Recipe:
    settings = {"model": weights_sha256(config.segment.model)} if config.masks == "semantic" else {}
    return Recipe(way_of(config).folder, VERSION, photos.hashes, settings)


def _is_there(folder: Path, wanted: Recipe, config: Config) -> bool:
    """Whether the masks are those of these photos and of the network that is wanted; edited ones are."""
    manifest = read_manifest(folder)
    if manifest is None or wanted.changes(manifest.recipe):
        return False
    if config.masks != "semantic" and config.encoder not in ("auto", manifest.facts.get("encoder")):
        return False
    return all((folder / name).exists() for name in (CONTENT_MASK, STYLE_MASK))


def _make(
    pair: Pair, folder: Path, wanted: Recipe, config: Config, network: Network, label: str, on_event: OnEvent
) -> None:
    inputs = load_inputs(pair, WORKING_SIZE)
    find, facts = _semantic(config, network) if config.masks == "semantic" else _automatic(network)
    began = time.perf_counter()
    labels = find(inputs.content, inputs.style)
    seconds = round(time.perf_counter() - began, 2)
    names = tuple(way_of(config).palette)
    classes = [describe(name, side, names) for name, side in zip((CONTENT_MASK, STYLE_MASK), labels, strict=True)]
    outputs = {
        CONTENT_MASK: encode_pixels(painted_at(labels[0], pair.content)),
        STYLE_MASK: encode_pixels(painted_at(labels[1], pair.style)),
        OVERLAY: encode_png(_overlays(pair.name, inputs, labels), 8),
    }
    publish(folder, wanted, outputs, {"seconds": seconds, **facts, "masks": classes})
    found = f"{len(np.unique(labels[0]))} regions; {folder / OVERLAY}"
    on_event(Said(f"{label} {folder.name}: {seconds:.1f} s, {found}"))


def _automatic(network: Network) -> tuple[Find, dict[str, Any]]:
    from stages.segment.automatic import automatic_labels

    encoder = network.encoder
    return lambda content, style: automatic_labels(content, style, encoder), {"encoder": encoder.architecture}


def _semantic(config: Config, network: Network) -> tuple[Find, dict[str, Any]]:
    model = network.semantic_model
    from stages.segment.semantic import semantic_labels

    def find(content: Photo, style: Photo) -> tuple[Labels, Labels]:
        return semantic_labels(content, model), semantic_labels(style, model)

    return find, describe_model(config.segment.model)


def painted_at(labels: Labels, photo: Path) -> npt.NDArray[np.uint8]:
    """Labels in the paper's colours, H x W x 3, at the size of the photo in its file."""
    full = Mask(None, labels).resampled(read_original(photo).photo.shape[:2])
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
