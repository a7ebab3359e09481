"""What stage one optimises: the pixels of an image, or the colour maps that make one from the content."""

from typing import Protocol

from torch import Tensor

from stages.stylize import bilateral_grid
from stages.stylize.losses import flatness_loss, flatness_weights, total_variation
from stages.stylize.resample import resample, shape_at, shape_of

SUPERSAMPLING = 2


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

    Args:
        content: (1, 3, H, W) in [0, 1], at full size.
        weights: (1, K, H, W), the regions' blending weights, summing to one.
        start: (K, 3, 4), each region's first map.
        rows: cells along the shorter edge.
        bins: cells along luma.
        roughness_weight, flatness_weight: of the priors.
    """

    def __init__(
        self,
        content: Tensor,
        weights: Tensor,
        start: Tensor,
        rows: int,
        bins: int,
        roughness_weight: float,
        flatness_weight: float,
    ) -> None:
        height, width = content.shape[-2:]
        cells = round(rows * height / min(height, width)), round(rows * width / min(height, width))
        grid = start.reshape(-1, 12, 1, 1, 1).expand(-1, 12, bins, *cells)
        self._grid = grid.clone().requires_grad_(True)
        self._content, self._weights = content, weights
        self._roughness_weight, self._flatness_weight = roughness_weight, flatness_weight

    def resize(self, shape: tuple[int, int]) -> None:
        """See Canvas. The grid has no size: the content is sliced at another.

        It is sliced finer than it is seen, for the maps are not linear in luma: slicing a small content is not the same
        as shrinking a sliced one, and it is the latter that the style loss should see.
        """
        self._shape = shape
        finer = shape_at(shape_of(self._content), SUPERSAMPLING * max(shape))
        self._slicing = bilateral_grid.Slicing(resample(self._content, finer), resample(self._weights, finer))
        self._flat = flatness_weights(resample(self._content, shape))

    def parameters(self) -> list[Tensor]:
        """See Canvas."""
        return [self._grid]

    def image(self) -> Tensor:
        """See Canvas."""
        return resample(self._slicing(self._grid), self._shape)

    def prior(self, image: Tensor) -> dict[str, Tensor]:
        """See Canvas."""
        roughness = self._roughness_weight * bilateral_grid.roughness(self._grid)
        return {"roughness": roughness, "flatness": self._flatness_weight * flatness_loss(image, self._flat)}
