"""How far an image is from the style's look and from the content's structure, at one size."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stages.features.device import compute_dtype
from stages.features.encoder import Encoder
from stages.features.guides import guide, one_hot
from stages.features.resample import shape_of
from stages.stylize.losses import content_loss, gram, gram_weights, style_loss

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"


class Objective:
    """Style and content losses of one pair.

    Args:
        encoder: VGG.
        content, style: (1, 3, H, W) and (1, 3, h, w) in [0, 1].
        content_labels, style_labels: (H, W) and (h, w), 0 .. count - 1.
        count: of regions.
        weights: of the losses, by name: style, content. A loss of weight 0 is not computed.
        layer_weights: of the style's layers, against each other.
    """

    def __init__(
        self,
        encoder: Encoder,
        content: Tensor,
        style: Tensor,
        content_labels: Tensor,
        style_labels: Tensor,
        count: int,
        weights: dict[str, float],
        layer_weights: Sequence[float] = (1.0,) * len(STYLE_LAYERS),
    ) -> None:
        self._encoder = encoder.ready_for_many(compute_dtype(encoder.device))
        self._weights = {name: weight for name, weight in weights.items() if weight}
        layers = torch.tensor(layer_weights, device=encoder.device)
        self._layers = layers / layers.sum()
        masks, style_masks = one_hot(content_labels, count), one_hot(style_labels, count)
        self._areas = masks.mean(dim=(0, 2, 3))
        with torch.no_grad():
            of_content = self._activations(content, (*STYLE_LAYERS, CONTENT_LAYER))
            self._content_target = of_content[CONTENT_LAYER]
            self._guides = {name: gram_weights(guide(masks, shape_of(of_content[name]))) for name in STYLE_LAYERS}
            of_style = self._activations(style, STYLE_LAYERS)
            self._grams = {n: gram(F, gram_weights(guide(style_masks, shape_of(F)))) for n, F in of_style.items()}

    def losses(self, image: Tensor) -> dict[str, Tensor]:
        """Weighted losses by name of (1, 3, H, W)."""
        parts: dict[str, Tensor] = {}
        activations = self._activations(image, (*STYLE_LAYERS, CONTENT_LAYER))
        if "style" in self._weights:
            grams = {name: gram(activations[name], self._guides[name]) for name in STYLE_LAYERS}
            parts["style"] = style_loss(grams, self._grams, self._areas, self._layers)
        if "content" in self._weights:
            parts["content"] = content_loss(activations[CONTENT_LAYER], self._content_target)
        return {name: self._weights[name] * loss for name, loss in parts.items()}

    def _activations(self, image: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        activations = self._encoder(image, layers)
        return {name: F.to(image.dtype) for name, F in activations.items()}
