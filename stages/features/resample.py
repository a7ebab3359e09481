"""Arrays to tensors, and tensors from one size to another."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from stages.settings import SMALLEST_EDGE


def to_tensor(image: npt.NDArray[np.floating], device: torch.device) -> Tensor:
    """(H, W, C) array to (1, C, H, W) float32."""
    ordered = np.ascontiguousarray(image)  # torch takes no negative strides
    return torch.tensor(ordered, dtype=torch.float32, device=device).permute(2, 0, 1)[None].contiguous()


def to_array(image: Tensor) -> npt.NDArray[np.float32]:
    """(1, C, H, W) to (H, W, C) float32."""
    array: npt.NDArray[np.float32] = image.detach()[0].permute(1, 2, 0).float().cpu().numpy()
    return array


def shape_of(image: Tensor) -> tuple[int, int]:
    """(height, width) of (1, C, height, width)."""
    return image.shape[-2], image.shape[-1]


def shape_at(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """(height, width) with the long edge brought down to `size`, but no edge below 32 pixels; never enlarged."""
    scale = min(1.0, max(size / max(shape), SMALLEST_EDGE / min(shape)))
    return round(shape[0] * scale), round(shape[1] * scale)


def resample(image: Tensor, shape: tuple[int, int], bounded: bool = True) -> Tensor:
    """(1, C, H, W) to (1, C, *shape), bicubic, antialiased when shrinking; bounded: in [0, 1], and kept there."""
    if tuple(image.shape[-2:]) == shape:
        return image
    resized = functional.interpolate(image, size=shape, mode="bicubic", antialias=True, align_corners=False)
    return resized.clamp(0, 1) if bounded else resized


def resample_labels(labels: Tensor, shape: tuple[int, int]) -> Tensor:
    """(H, W) class numbers to `shape`, the nearest."""
    small = functional.interpolate(labels[None, None].float(), size=shape, mode="nearest-exact")
    return small[0, 0].long()
