"""A bilateral grid of affine colour maps: the parameters of stage one that keep a photograph a photograph.

For each region a coarse grid over (luma, y, x) holds a 3x4 affine map of colour in each cell; a pixel takes the map
found at its own luma and position by trilinear interpolation (Chen et al. 2007; Gharbi et al. 2017, HDRNet; Xia et
al. 2020). The output is a locally affine function of the content by construction, and can be sliced at any resolution.
"""

import torch
from torch import Tensor
from torch.nn import functional

LUMA = (0.299, 0.587, 0.114)
STRIPS = 8


def luma(photo: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W), Rec. 601."""
    weights = torch.tensor(LUMA, dtype=photo.dtype, device=photo.device)
    return (photo * weights.view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def coordinates(photo: Tensor) -> Tensor:
    """Where each pixel lies in the grid: (1, 1, H, W, 3) of (x, y, luma), each in [-1, 1]."""
    height, width = photo.shape[-2:]
    y = (torch.arange(height, dtype=photo.dtype, device=photo.device) + 0.5) / height * 2 - 1
    x = (torch.arange(width, dtype=photo.dtype, device=photo.device) + 0.5) / width * 2 - 1
    z = luma(photo)[0, 0].clamp(0, 1) * 2 - 1
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width), z], dim=-1)[None, None]


class Slicing:
    """Where a photo's pixels lie in the grids of its regions.

    Args:
        photo: (1, 3, H, W) in [0, 1].
        weights: (1, K, H, W), the regions' blending weights, summing to one over K.
    """

    def __init__(self, photo: Tensor, weights: Tensor) -> None:
        self._shape = photo.shape
        at = coordinates(photo).flatten(0, 3)  # (n, 3)
        colours = torch.cat([photo, torch.ones_like(photo[:, :1])], dim=1)[0].flatten(1)  # (4, n)
        self._regions = []
        for weight in weights[0].flatten(1):
            pixels = (weight > 0).nonzero()[:, 0]
            # Strips: grid_sample shares out the batch among threads, and nothing else.
            strips = torch.stack(_padded(at[pixels]).chunk(STRIPS))[:, None, None]
            self._regions.append((pixels, strips, weight[pixels], colours[:, pixels]))

    def __call__(self, grid: Tensor) -> Tensor:
        """Apply each region's maps to the photo and blend them by the regions' weights.

        What a map makes of colours that its region has not is clipped before the blend, not after: else a faint weight
        times a wild extrapolation draws dark outlines along the borders, and blocks where the weights are blocky.

        Args:
            grid: (K, 12, luma bins, rows, columns), 3x4 maps row by row: colour coefficients, then the offset.

        Returns:
            (1, 3, H, W) in [0, 1].
        """
        output = grid.new_zeros(3, self._shape[2] * self._shape[3])
        for cells, (pixels, strips, weight, colours) in zip(grid, self._regions, strict=True):
            batch = cells.expand(len(strips), *cells.shape)
            maps = functional.grid_sample(batch, strips, padding_mode="border", align_corners=True)
            maps = maps[:, :, 0, 0].transpose(0, 1).flatten(1)[:, : len(pixels)].view(3, 4, len(pixels))
            mapped = (maps * colours).sum(dim=1).clamp(0, 1)
            output = output.index_add(1, pixels, weight * mapped)
        return output.view(self._shape)


def _padded(points: Tensor) -> Tensor:
    """(n, 3) with zeros appended so that it divides into strips of one length."""
    return functional.pad(points, (0, 0, 0, -len(points) % STRIPS))


def roughness(grid: Tensor) -> Tensor:
    """How unlike neighbouring cells are: mean squared difference, summed over the three axes."""
    return torch.stack([grid.diff(dim=axis).square().mean() for axis in (2, 3, 4) if grid.shape[axis] > 1]).sum()


def locality(grid: Tensor) -> Tensor:
    """How much a pixel's place counts beside its colour: variance of the maps over the image, at equal luma."""
    deviation: Tensor = (grid - grid.mean(dim=(3, 4), keepdim=True)).square().mean()
    return deviation
