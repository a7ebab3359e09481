"""A pair as stage one takes it: checked, and on the device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stages.arrays import Photo
from stages.features.resample import to_tensor
from stages.segment.remap import Regions, one_region
from stages.settings import SMALLEST_EDGE


@dataclass(frozen=True)
class OnDevice:
    """A content and a style photo on the device, with their matched regions."""

    content: Tensor
    """(1, 3, H, W)."""
    style: Tensor
    """(1, 3, h, w)."""
    content_labels: Tensor
    """(H, W)."""
    style_labels: Tensor
    """(h, w)."""
    count: int
    """Of regions, those that light and texture keep to (see `Regions.places`)."""


def load_pair(content: Photo, style: Photo, regions: Regions | None, device: torch.device) -> OnDevice:
    """Check a pair and put it on the device.

    Raises:
        ValueError: what is wrong, with counts.
    """
    for name, image in (("content", content), ("style", style)):
        if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < SMALLEST_EDGE:
            raise ValueError(
                f"the {name} is (H, W, 3) with H and W at least {SMALLEST_EDGE}, this one is {image.shape}"
            )
        if not np.isfinite(image).all():
            raise ValueError(f"the {name} has {np.count_nonzero(~np.isfinite(image))} values that are not finite")
        if image.min() < 0 or image.max() > 1:
            raise ValueError(f"the {name} is in [0, 1], this one spans {image.min():g} to {image.max():g}")
    regions = regions or one_region(content.shape[:2], style.shape[:2])
    for name, image, labels in (("content", content, regions.content), ("style", style, regions.style)):
        if labels.shape != image.shape[:2]:
            raise ValueError(f"the {name}'s regions are {labels.shape}, the {name} itself is {image.shape[:2]}")
        most = regions.count - (name == "content")  # of the style, pixels may be of no use
        if labels.max() > most:
            raise ValueError(f"the {name}'s regions go up to {labels.max()}, of {regions.count}")
    if missing := set(range(regions.count)) - set(np.unique(regions.style).tolist()):
        raise ValueError(f"regions {sorted(missing)} have no pixel in the style: match them first")
    places = regions.places
    return OnDevice(
        to_tensor(content, device),
        to_tensor(style, device),
        torch.tensor(places.content, device=device),
        torch.tensor(places.style, device=device),
        places.count,
    )
