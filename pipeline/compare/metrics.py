"""What a result is worth, in numbers. All are computed from the image as written at 8 bits."""

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from pipeline.compare.contrast import COARSE, FINE, contrast_kept, local_contrast
from pipeline.compare.edges import edge_map
from pipeline.compare.score_table import Scores
from stages.arrays import Photo
from stages.features.encoder import Encoder
from stages.features.guides import guide, one_hot
from stages.segment.remap import Regions
from stages.smooth import affine_energy
from stages.smooth.matting_laplacian import matting_laplacian
from stages.stylize.losses import gram, gram_weights, style_loss
from stages.stylize.objective import STYLE_LAYERS

STYLE_SIZE = 350
"""Long edge at which the style distance is measured, pixels."""
NARROWEST = 16
"""Levels of the shorter edge there: the encoder halves it four times."""
DIRECTIONS = 64
QUANTILES = 512


class Scorer:
    """Scores results of one pair: all that depends on content and style alone is computed once.

    Args:
        content, style: (H, W, 3) and (h, w, 3) float32 in [0, 1].
        regions: their matched regions.
        encoder: VGG, float32; style distances of different encoders cannot be compared.

    Raises:
        ValueError: content or style is too long and narrow for a style distance.
    """

    def __init__(self, content: Photo, style: Photo, regions: Regions, encoder: Encoder) -> None:
        self.shape = content.shape
        self.regions = regions
        self.encoder = encoder
        content_at_8_bits = _at_8_bits(content)
        self.edges = edge_map(content_at_8_bits)
        self.contrasts = {sigma: local_contrast(content_at_8_bits, sigma) for sigma in (FINE, COARSE)}
        self.laplacian = matting_laplacian(content)
        self.style_colours = [_directed_quantiles(style[regions.style == k]) for k in range(regions.count)]
        areas = np.bincount(regions.content.ravel(), minlength=regions.count) / regions.content.size
        self.areas = areas.astype(np.float32)
        self.targets = self._grams(style, regions.style)

    def score(self, image: Photo) -> Scores:
        """Score one result.

        Args:
            image: (H, W, 3) in [0, 1], of the content's size.

        Raises:
            ValueError: the size is not the content's.
        """
        if image.shape != self.shape:
            raise ValueError(f"a result of {image.shape} can't be scored against a content of {self.shape}")
        image = _at_8_bits(image)
        edge_ssim = structural_similarity(self.edges, edge_map(image), data_range=1.0)  # type: ignore[no-untyped-call]
        grams = self._grams(image, self.regions.content)
        style_distance = style_loss(grams, self.targets, torch.from_numpy(self.areas).to(self.encoder.device))
        colour_distance = sum(
            area * np.abs(_directed_quantiles(image[self.regions.content == k]) - self.style_colours[k]).mean()
            for k, area in enumerate(self.areas)
        )
        return Scores(
            float(edge_ssim),
            float(style_distance),
            float(colour_distance),
            affine_energy(self.laplacian, image),
            *(contrast_kept(before, image, sigma) for sigma, before in self.contrasts.items()),
        )

    def _grams(self, image: Photo, labels: npt.NDArray[np.uint8]) -> dict[str, torch.Tensor]:
        height, width = image.shape[:2]
        scale = STYLE_SIZE / max(height, width)
        size = (round(width * scale), round(height * scale))
        if min(size) < NARROWEST:
            raise ValueError(
                f"{width}x{height} can't be scored: the style distance is measured at {size[0]}x{size[1]}, "
                f"where no edge may be under {NARROWEST}"
            )
        planes = (Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS) for plane in np.moveaxis(image, 2, 0))
        small = np.stack([np.asarray(plane) for plane in planes]).clip(0, 1)
        small_labels = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
        device = self.encoder.device
        masks = one_hot(torch.tensor(small_labels), self.regions.count).to(device)
        with torch.inference_mode():
            activations = self.encoder(torch.tensor(small)[None].to(device), STYLE_LAYERS)
            return {name: gram(F, gram_weights(guide(masks, F.shape[-2:]))) for name, F in activations.items()}


def _at_8_bits(image: Photo) -> Photo:
    rounded: Photo = np.round(np.clip(image, 0, 1) * 255).astype(np.float32) / np.float32(255)
    return rounded


def _directed_quantiles(colours: Photo) -> Photo:
    """Quantiles of (n, 3) colours along seeded directions: (DIRECTIONS, QUANTILES)."""
    directions = np.random.default_rng(0).normal(size=(DIRECTIONS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    projected = np.sort(directions.astype(np.float32) @ colours.T, axis=1)  # rows of float32: numpy's fast sort
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES * (len(colours) - 1)
    quantiles: Photo = projected[:, np.round(at).astype(int)]
    return quantiles
