"""What stage one optimises: the pixels of an image, or the colour maps that make one from the content."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from stages.features.resample import resample, shape_at, shape_of
from stages.stylize import bilateral_grid
from stages.stylize.losses import flatness_loss, flatness_weights, total_variation

SUPERSAMPLING = 2
LEVELS = (1, 2, 4)
"""How many cells wide the cells of each level are."""
NOISE, UNEVEN = 0.01, 0.02
"""Differences well below these are none: of colour between pixels, and of opponent colours between means of cells."""


class Canvas(Protocol):
    """An image with parameters, at one size after another."""

    def resize(self, shape: tuple[int, int]) -> None:
        """Go on at (height, width)."""

    def parameters(self) -> list[Tensor]:
        """Leaf tensors that require gradients, valid until the next resize."""

    def image(self) -> Tensor:
        """(1, 3, height, width) at the present parameters."""

    def prior(self, image: Tensor) -> dict[str, Tensor]:
        """Weighted losses of the parameters and of the image they make, whatever its style."""


class Pixels:
    """The pixels are the parameters (Gatys et al. 2016; Luan et al. 2017).

    Args:
        start: (1, 3, H, W).
        tv_weight: of the total variation.
    """

    def __init__(self, start: Tensor, tv_weight: float) -> None:
        self._pixels = start.detach().clone()
        self._tv_weight = tv_weight

    def resize(self, shape: tuple[int, int]) -> None:
        """See Canvas. Detail that the present size lacks is not invented: choose the last size accordingly."""
        self._pixels = resample(self._pixels.detach(), shape).clone().requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """See Canvas."""
        return [self._pixels]

    def image(self) -> Tensor:
        """See Canvas."""
        return self._pixels

    def prior(self, image: Tensor) -> dict[str, Tensor]:
        """See Canvas."""
        return {"variation": self._tv_weight * total_variation(image)}


class ColourMaps:
    """The cells of a bilateral grid of affine colour maps per region are the parameters.

    The grid is a sum: each region's first map, and levels of coarser and coarser cells (a hierarchical basis, Szeliski
    1990). What it can be is the same as without; the optimiser gets there sooner.

    Args:
        content: (1, 3, H, W) in [0, 1], at full size.
        weights: (1, K, H, W), the regions' blending weights, summing to one.
        start: (K, 3, 4), each region's first map.
        rows: cells along the shorter edge.
        bins: cells along luma.
        priors: weights of the roughness and the locality of the grid, and of the flatness and the evenness of the
            image that it makes, by name.
    """

    def __init__(
        self, content: Tensor, weights: Tensor, start: Tensor, rows: int, bins: int, priors: dict[str, float]
    ) -> None:
        height, width = content.shape[-2:]
        self._cells = round(rows * height / min(height, width)), round(rows * width / min(height, width))
        self._size = (bins, *self._cells)
        self._start = start.reshape(-1, 12, 1, 1, 1)
        sizes = [[max(2, round(n / level)) for n in self._size] for level in LEVELS]
        self._levels = [start.new_zeros(len(start), 12, *size).requires_grad_(True) for size in sizes]
        self._content, self._weights, self._priors = content, weights, priors

    def resize(self, shape: tuple[int, int]) -> None:
        """See Canvas. The grid has no size: the content is sliced at another.

        It is sliced finer than it is seen, for the maps are not linear in luma: slicing a small content is not the same
        as shrinking a sliced one, and it is the latter that the style loss should see.
        """
        self._shape = shape
        finer = shape_at(shape_of(self._content), SUPERSAMPLING * max(shape))
        self._slicing = bilateral_grid.Slicing(resample(self._content, finer), resample(self._weights, finer))
        seen = resample(self._content, shape)
        self._flat, self._even = flatness_weights(seen, NOISE), flatness_weights(self._cell_means(seen), UNEVEN)

    def parameters(self) -> list[Tensor]:
        """See Canvas."""
        return self._levels

    def image(self) -> Tensor:
        """See Canvas."""
        return resample(self._slicing(self._grid()), self._shape)

    def prior(self, image: Tensor) -> dict[str, Tensor]:
        """See Canvas."""
        grid = self._grid()
        parts = {
            "roughness": bilateral_grid.roughness(grid),
            "locality": bilateral_grid.locality(grid),
            "flatness": flatness_loss(image, self._flat),
            "evenness": flatness_loss(self._cell_means(image), self._even),
        }
        return {name: self._priors[name] * part for name, part in parts.items()}

    def _grid(self) -> Tensor:
        """(K, 12, bins, rows, columns)."""
        grid = self._start
        for level in self._levels:
            grid = grid + functional.interpolate(level, size=self._size, mode="trilinear", align_corners=True)
        return grid

    def _cell_means(self, image: Tensor) -> Tensor:
        """(1, 3, H, W) to (1, 3, rows, columns), in opponent colours: a change of hue counts more than one of light."""
        (rows, columns), (height, width) = self._cells, shape_of(image)
        means = functional.adaptive_avg_pool2d(image, (min(rows, height), min(columns, width)))
        red, green, blue = means[:, :1], means[:, 1:2], means[:, 2:]
        Y = bilateral_grid.luma(means)
        return torch.cat([Y, red - green, blue - Y], dim=1)
