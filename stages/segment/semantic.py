"""Regions of a photo by what is in it: a network's ADE20K classes, merged into groups."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from stages.arrays import Labels, Photo
from stages.features.encoder import IMAGENET_MEAN, IMAGENET_STD
from stages.features.resample import resample, shape_of, to_tensor
from stages.segment.ade20k import GROUPS
from stages.segment.automatic import without_slivers

SHORT_EDGE, LONG_EDGE = 512, 2048
"""Pixels at which the network looks: the short edge has that of its training, if the long one stays below the other
(the ADE20K configurations of mmsegmentation, where the weights come from)."""


@dataclass(frozen=True)
class SemanticModel:
    """A network that tells ADE20K's classes apart."""

    logits: Callable[[Tensor], Tensor]
    """(1, 3, h, w), less ImageNet's mean and by its deviation, to (1, classes, ..., ...)."""
    groups: tuple[int, ...]
    """Of each class, the number of its group."""
    device: torch.device


def semantic_labels(photo: Photo, model: SemanticModel) -> Labels:
    """Which of `GROUPS` each pixel belongs to: the one whose classes have most probability in all; no slivers.

    Args:
        photo: (H, W, 3) in [0, 1].
        model: on its device.

    Returns:
        (H, W), indices into `GROUPS`.
    """
    image = to_tensor(photo, model.device)
    mean, deviation = (torch.tensor(x, device=model.device).view(1, 3, 1, 1) for x in (IMAGENET_MEAN, IMAGENET_STD))
    with torch.inference_mode():
        logits = model.logits((resample(image, _seen_at(shape_of(image))) - mean) / deviation)
        members = functional.one_hot(torch.tensor(model.groups, device=model.device), len(GROUPS)).float()
        groups = torch.einsum("bchw,cg->bghw", logits.float().softmax(dim=1), members)
        labels = functional.interpolate(groups, size=photo.shape[:2], mode="bilinear")[0].argmax(dim=0)
    return without_slivers(labels.cpu().numpy().astype(np.uint8))


def _seen_at(shape: tuple[int, int]) -> tuple[int, int]:
    scale = min(SHORT_EDGE / min(shape), LONG_EDGE / max(shape))
    return round(shape[0] * scale), round(shape[1] * scale)
