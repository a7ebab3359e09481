"""Regions for a pair without masks, at full size: coarse clusters of both photos, carried to the photos' edges."""

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from skimage.exposure import equalize_hist
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from stages.segment.counterparts import GRAIN, LUMA
from stages.segment.joint import Cells, joint_clusters
from stages.stylize.encoder import Encoder
from stages.stylize.guides import edge_aware, one_hot
from stages.stylize.resample import resample, shape_at, shape_of, to_tensor

Photo = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]

SIZE = 256
"""Long edge at which the encoder looks, pixels."""
STRIDES = {"relu3_1": 4, "relu4_1": 8, "relu5_1": 16}
"""The layers looked at, and how many pixels wide their cells are."""
LAYERS, COARSEST = tuple(STRIDES), max(STRIDES.values())
MARGIN = 64
"""Pixels shown beyond the frame: whole cells of every layer."""
GRID = "relu4_1"
"""The layer whose activations are the cells."""
EDGE_SIZE = 350
"""Long edge at which borders are carried to edges, pixels; stage one does it again when it blends."""
EDGE_RADIUS = 0.02
"""Of the filter that carries borders to the photo's edges, as a share of the long edge: a cell is 1/32 of it."""
SLIVER = 2e-3
"""Of the photo: a patch smaller than this joins what is around it."""


def automatic_labels(content: Photo, style: Photo, encoder: Encoder) -> tuple[Labels, Labels]:
    """Labels of parts that belong together, found in the photos alone.

    Args:
        content, style: (H, W, 3) and (h, w, 3) float in [0, 1], at least 32 pixels each way.
        encoder: VGG.

    Returns:
        (H, W) and (h, w), 0 .. K - 1, the same number meaning the same part; all 0 where nothing was told apart.
    """
    cells = look(content, encoder), look(style, encoder)
    with threadpool_limits(1, "blas"):  # for matrices of a thousand rows, threads that wait for each other cost more
        belonging = joint_clusters(*cells)
    sides = [to_edges(photo, coarse) for photo, coarse in zip((content, style), belonging, strict=True)]
    return sides[0], sides[1]


def look(photo: Photo, encoder: Encoder) -> Cells:
    """A photo in the encoder's coarse cells."""
    with torch.inference_mode():
        activations = encoder(_seen(photo).to(encoder.device), LAYERS)
    inside = {name: _without_margin(values.float().cpu(), name) for name, values in activations.items()}
    shape = shape_of(inside[GRID])
    luma = photo @ LUMA
    contrast = np.abs(luma - ndimage.gaussian_filter(luma, GRAIN))
    contrast = np.log(ndimage.gaussian_filter(contrast, 2 * GRAIN) + np.float32(0.5 / 255))
    planes = np.stack([luma, photo[..., 0] - photo[..., 1], photo[..., 2] - luma, contrast], axis=2)
    features = tuple(_brought_to(shape, inside[name]).clamp(min=0)[0].numpy() for name in LAYERS)
    known = _brought_to(shape, to_tensor(planes, torch.device("cpu")))[0].numpy()
    return Cells(features, known[:3], known[3])


def _seen(photo: Photo) -> Tensor:
    """(1, 3, h, w), what the encoder is shown: grey of equal shares of every brightness, mirrored beyond its frame.

    So a night shows what a day shows, and the frame, where the network pads with black, is no region of its own.
    """
    small = resample(to_tensor((photo @ LUMA)[..., None], torch.device("cpu")), _whole_cells(photo.shape[:2]))
    luma = (255 * small[0, 0].numpy()).round().astype(np.uint8)
    grey: npt.NDArray[np.float64] = equalize_hist(luma)  # type: ignore[no-untyped-call]
    margins = np.pad(grey.astype(np.float32), MARGIN, mode="symmetric")
    return torch.from_numpy(margins).expand(1, 3, *margins.shape)


def _whole_cells(shape: tuple[int, int]) -> tuple[int, int]:
    """`SIZE` along the long edge, both sides in whole cells of the coarsest layer."""
    height, width = (max(1, round(n * SIZE / max(shape) / COARSEST)) * COARSEST for n in shape)
    return height, width


def _without_margin(activations: Tensor, layer: str) -> Tensor:
    margin = MARGIN // STRIDES[layer]
    return activations[..., margin:-margin, margin:-margin]


def _brought_to(shape: tuple[int, int], planes: Tensor) -> Tensor:
    return functional.interpolate(planes, size=shape, mode="bilinear", antialias=True)


def to_edges(photo: Photo, belonging: npt.NDArray[np.float64]) -> Labels:
    """(K, h, w) to the photo's (H, W): the guided filter carries the borders to its edges, slivers are dropped."""
    count = len(belonging)
    image = to_tensor(photo, torch.device("cpu"))
    image = resample(image, shape_at(shape_of(image), EDGE_SIZE))
    fine = _brought_to(shape_of(image), torch.tensor(belonging, dtype=torch.float32)[None])
    masks = one_hot(fine[0].argmax(dim=0), count)
    fitted = edge_aware(masks, image, max(2, round(EDGE_RADIUS * max(shape_of(image)))))
    labels = _brought_to(photo.shape[:2], fitted)[0].argmax(dim=0)
    return without_slivers(labels.numpy().astype(np.uint8))


def without_slivers(labels: Labels) -> Labels:
    """Patches smaller than `SLIVER` take the label that is nearest; the largest patch always stays."""
    patches = np.zeros(labels.shape, np.int64)
    for k in np.unique(labels):
        own, _ = ndimage.label(labels == k)
        patches[own > 0] = own[own > 0] + patches.max()
    sizes = np.bincount(patches.ravel())
    small = sizes[patches] < min(SLIVER * labels.size, sizes.max())
    if not small.any():
        return labels
    rows, columns = ndimage.distance_transform_edt(small, return_distances=False, return_indices=True)
    kept: Labels = labels[rows, columns]
    return kept
