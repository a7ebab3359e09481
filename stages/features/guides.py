"""Guides: each region's soft mask, at the resolution of each layer (Gatys et al. 2017, spatial control)."""

import torch
from torch import Tensor
from torch.nn import functional

NOTHING = 1 / 256
"""A weight below one step of an 8-bit image is none."""


def one_hot(labels: Tensor, count: int) -> Tensor:
    """(H, W) integer labels to (1, count, H, W) float32 masks; a pixel of another label is in none of them."""
    return (labels == torch.arange(count, device=labels.device).view(1, count, 1, 1)).float()


def guide(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """The masks averaged over the cells of a layer.

    Args:
        masks: (1, K, H, W) in [0, 1].
        size: (h, w) of the layer's activations.

    Returns:
        (K, h * w), each pixel the share of its cell that lies in the region.
    """
    return functional.adaptive_avg_pool2d(masks, size).flatten(2)[0]


def edge_aware(masks: Tensor, photo: Tensor, radius: int, epsilon: float = 1e-4) -> Tensor:
    """Masks whose borders follow the photo's own edges: the guided filter (He, Sun and Tang 2010).

    Args:
        masks: (1, K, H, W) in [0, 1], summing to one over K.
        photo: (1, 3, H, W) in [0, 1].
        radius: of the filter's square window, pixels.
        epsilon: variance of colour below which a window counts as flat.

    Returns:
        (1, K, H, W) in [0, 1], summing to one over K.
    """
    h, w = photo.shape[-2:]
    counts = _box_sum(torch.ones_like(photo[:, :1]), radius)

    def mean(x: Tensor) -> Tensor:
        return _box_sum(x, radius) / counts

    mean_I, mean_p = mean(photo), mean(masks)  # (1, 3, H, W), (1, K, H, W)
    outer = mean((photo[:, :, None] * photo[:, None]).reshape(1, 9, h, w)).reshape(3, 3, h, w)
    Sigma = outer - mean_I[0, :, None] * mean_I[0, None]
    Sigma = Sigma.permute(2, 3, 0, 1) + epsilon * torch.eye(3, device=photo.device)
    count = masks.shape[1]
    cross = mean((photo[:, :, None] * masks[:, None]).reshape(1, 3 * count, h, w)).reshape(3, count, h, w)
    cross = cross - mean_I[0, :, None] * mean_p[0, None]
    a = torch.linalg.solve(Sigma, cross.permute(2, 3, 0, 1))  # (H, W, 3, K)
    b = mean_p[0].permute(1, 2, 0) - torch.einsum("hwc,hwck->hwk", mean_I[0].permute(1, 2, 0), a)
    a = mean(a.permute(2, 3, 0, 1).reshape(1, 3 * count, h, w)).reshape(3, count, h, w)
    b = mean(b.permute(2, 0, 1)[None])
    filtered = ((a * photo[0, :, None]).sum(dim=0)[None] + b).clamp(0, 1)
    filtered = filtered * (filtered > NOTHING)
    return filtered / filtered.sum(dim=1, keepdim=True).clamp(min=1e-6)


def _box_sum(x: Tensor, radius: int) -> Tensor:
    """Sums over square windows, cut off at the border, in time independent of the radius: (1, C, H, W) each way."""
    for axis in (2, 3):
        length = x.shape[axis]
        at = torch.arange(length, device=x.device)
        # float64: differences of long cumulative sums lose digits.
        sums = torch.cat([torch.zeros_like(x.narrow(axis, 0, 1)), x], dim=axis).double().cumsum(dim=axis)
        above, below = (at + radius + 1).clamp(max=length), (at - radius).clamp(min=0)
        x = (sums.index_select(axis, above) - sums.index_select(axis, below)).to(x.dtype)
    return x
