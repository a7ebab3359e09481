"""Masks that were found for pairs without, in their folders of results: where they are, and who takes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.pairs import Dataset, Pair
from pipeline.settings.config import Config
from stages.segment.ade20k import GROUP_PALETTE
from stages.segment.labels import PALETTE, Colour

CONTENT_MASK, STYLE_MASK, OVERLAY = "content_mask.png", "style_mask.png", "overlay.png"


class Way(NamedTuple):
    """A way to find regions."""

    folder: str
    """Of a pair's results, for its masks."""
    palette: Mapping[str, Colour]
    """The paper's colours, in their order, with the names of what they stand for."""
    sure: bool
    """Whether the regions are (see `Regions`)."""


WAYS = {"auto": Way("segment", PALETTE, sure=False), "semantic": Way("semantic", GROUP_PALETTE, sure=True)}
"""By the value of the setting `masks`."""


def with_found_masks(dataset: Dataset, results: Path, config: Config) -> Dataset:
    """The dataset, whose pairs without masks take those that were found, where these are wanted and there."""
    return dataset._replace(pairs=tuple(with_found_mask(pair, results / pair.name, config) for pair in dataset.pairs))


def with_found_mask(pair: Pair, folder: Path, config: Config) -> Pair:
    """The pair with the masks in its folder of results, if it has none of its own, and they are wanted and there."""
    way = WAYS.get(config.masks)
    if way is None or pair.content_mask is not None:
        return pair
    content, style = (folder / way.folder / name for name in (CONTENT_MASK, STYLE_MASK))
    if not (content.exists() and style.exists()):
        return pair
    rules = pair.mask_rules._replace(palette=way.palette, sure=way.sure)
    return pair._replace(content_mask=content, style_mask=style, mask_rules=rules)
