"""Small made-up photos, pairs and settings, for tests and for the scripts beside them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.saving import encode_photo
from stages.segment.labels import PALETTE

TINY = """
size = 48
encoder = "vgg16"
device = "cpu"
[stylize]
sizes = [32, 48]
evaluations = [3, 2]
[onestage]
evaluations = 3
"""
"""A photostyle.toml by which a pair takes a second."""


def scenery(height: int, width: int, seed: int) -> Image.Image:
    """A bright sky over dark ground with some texture."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 60, (height, width, 3))
    values[: height // 2] += rng.integers(60, 190, 3)
    return Image.fromarray(values.astype(np.uint8))


def mask(height: int, width: int) -> Image.Image:
    """Its sky and its ground."""
    values = np.empty((height, width, 3), np.uint8)
    values[: height // 2], values[height // 2 :] = PALETTE["blue"], PALETTE["green"]
    return Image.fromarray(values)


def noise(seed: int, height: int = 36, width: int = 48) -> np.ndarray:
    """(H, W, 3) float32 in [0, 1]."""
    return np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)


def make_stylized_pairs(
    dataset: Path, results: Path, names: Sequence[str], height: int = 36, width: int = 48
) -> tuple[Path, Path]:
    """Pairs of noise with a stage-one image, which needs no network; results: the folder with one for each pair."""
    for seed, pair in enumerate(names):
        (dataset / pair).mkdir(parents=True, exist_ok=True)
        (results / pair / "stylize").mkdir(parents=True, exist_ok=True)
        content, style, link = (noise(3 * seed + number, height, width) for number in range(3))
        (dataset / pair / "content.png").write_bytes(encode_png(content, 8))
        (dataset / pair / "style.png").write_bytes(encode_png(style, 8))
        (results / pair / "stylize" / "image.tiff").write_bytes(encode_tiff(link))
    return dataset, results


def save_photo(path: Path, image: np.ndarray, *args: object, **form: object) -> tuple[str, ...]:
    """Writes a photo; args, form and what is returned: as for `encode_photo`."""
    encoded = encode_photo(path.suffix, image, *args, **form)
    path.write_bytes(encoded.data)
    return encoded.notes
