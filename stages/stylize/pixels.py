"""What is optimised: the pixels of an image (Gatys et al. 2016; Luan et al. 2017), as a change of where they start."""

import torch
from torch import Tensor

from stages.features.resample import resample


class Pixels:
    """An image at one size after another: its start, and a change of it that is the parameter.

    Detail that a size lacks is the start's, at the next as in the end. Where regions have spans, a change of colour
    stays within them: no hue comes up that the style's region has not, whatever the losses ask for.

    Args:
        start: (1, 3, H, W), at full size.
        weights: (1, K, H, W), the regions' shares in each pixel, summing to one.
        spans: (K, 3, 3), the projection onto the directions in which each region's colours may change.
        change: (1, 3, H, W), from which to begin; without it, from none.
    """

    def __init__(
        self,
        start: Tensor,
        weights: Tensor | None = None,
        spans: Tensor | None = None,
        change: Tensor | None = None,
    ) -> None:
        self._full, self._full_weights, self._spans = start, weights, spans
        self.change = torch.zeros_like(start) if change is None else change
        """(1, 3, height, width), the leaf that is optimised; valid until the next resize."""

    def resize(self, shape: tuple[int, int]) -> None:
        """Go on at (height, width)."""
        self._start = resample(self._full, shape)
        self._projection = None
        if self._full_weights is not None and self._spans is not None:
            weights = resample(self._full_weights, shape)
            self._projection = torch.einsum("nkhw,kij->nijhw", weights, self._spans)
        self.change = resample(self.change.detach(), shape, bounded=False).clone().requires_grad_(True)

    def image(self) -> Tensor:
        """(1, 3, height, width) at the present change, not clipped."""
        if self._projection is None:
            return self._start + self.change
        return self._start + (self._projection * self.change[:, None]).sum(dim=2)
