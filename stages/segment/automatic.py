"""Regions for a pair without masks, at full size: clusters of both photos' superpixels."""

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from skimage.exposure import equalize_hist
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from stages.arrays import LUMA, Labels, Photo
from stages.features.encoder import Encoder
from stages.features.guides import edge_aware, one_hot
from stages.features.resample import resample, shape_at, shape_of, to_array, to_tensor
from stages.segment.joint import Described, joint_clusters
from stages.segment.likeness import GRAIN, opponent_colours
from stages.segment.superpixels import averages, superpixels, touching

SIZE = 256
"""Long edge at which the encoder looks, pixels."""
STRIDES = {"relu3_1": 4, "relu4_1": 8, "relu5_1": 16}
"""The layers looked at, and how many pixels wide their cells are."""
LAYERS, COARSEST = tuple(STRIDES), max(STRIDES.values())
MARGIN = 64
"""Pixels shown beyond the frame: whole cells of every layer."""
EDGE_SIZE = 350
"""Long edge at which superpixels are found, half the working size; stage one follows the edges again when it blends."""
EDGE_RADIUS = 0.015
"""Of the filter that smooths their outlines along the photo's edges, as a share of the long edge."""
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
    outlines = [superpixels(to_array(_reduced(photo))) for photo in (content, style)]
    of_content, of_style = (look(*side, encoder) for side in zip((content, style), outlines, strict=True))
    with threadpool_limits(1, "blas"):  # for matrices of a thousand rows, threads that wait for each other cost more
        belonging = joint_clusters(of_content, of_style)
    clusters = [side.argmax(axis=0)[outline] for side, outline in zip(belonging, outlines, strict=True)]
    return to_edges(content, clusters[0]), to_edges(style, clusters[1])


def look(photo: Photo, outlines: npt.NDArray[np.intp], encoder: Encoder) -> Described:
    """A photo's superpixels as the encoder and the eye see them.

    Args:
        photo: (H, W, 3) in [0, 1].
        outlines: (h, w), the superpixels at `EDGE_SIZE`.
        encoder: VGG.
    """
    with torch.inference_mode():
        activations = encoder(_seen(photo).to(encoder.device), LAYERS)
    inside = [_without_margin(activations[name].float().cpu(), name).numpy() for name in LAYERS]
    structure, standing = (tuple(averages(layer[view], outlines) for layer in inside) for view in (0, 1))
    small = to_array(_reduced(photo))
    colours = opponent_colours(small)
    luma = colours[0]
    grain = GRAIN / 2  # at half the working size
    contrast = np.abs(luma - ndimage.gaussian_filter(luma, grain))
    contrast = np.log(ndimage.gaussian_filter(contrast, 2 * grain) + np.float32(0.5 / 255))
    places = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in luma.shape), indexing="ij"))
    planes = np.stack([*colours, contrast, *places])
    known = averages(planes, outlines)
    areas = np.bincount(outlines.ravel()) / luma.size
    return Described(structure, standing, known[:3], known[3], known[4:], areas, touching(outlines))


def _reduced(photo: Photo) -> Tensor:
    """(1, 3, h, w), the photo at `EDGE_SIZE`."""
    image = to_tensor(photo, torch.device("cpu"))
    return resample(image, shape_at(shape_of(image), EDGE_SIZE))


def _seen(photo: Photo) -> Tensor:
    """(2, 3, h, w), what the encoder is shown: the photo, and its grey of equal shares of every brightness.

    By that grey a night shows what a day shows. Both are mirrored beyond their frame, so that the frame, where the
    network pads with black, is no region of its own.
    """
    small = resample(to_tensor(photo, torch.device("cpu")), _whole_cells(photo.shape[:2]))[0].numpy()
    luma = (255 * np.tensordot(np.array(LUMA, np.float32), small, axes=1)).round().astype(np.uint8)
    grey: npt.NDArray[np.float64] = equalize_hist(luma)  # type: ignore[no-untyped-call]
    views = np.stack([small, np.broadcast_to(grey.astype(np.float32), small.shape)])
    return torch.from_numpy(np.pad(views, ((0, 0), (0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)), mode="symmetric"))


def _whole_cells(shape: tuple[int, int]) -> tuple[int, int]:
    """`SIZE` along the long edge, both sides in whole cells of the coarsest layer."""
    height, width = (max(1, round(n * SIZE / max(shape) / COARSEST)) * COARSEST for n in shape)
    return height, width


def _without_margin(activations: Tensor, layer: str) -> Tensor:
    margin = MARGIN // STRIDES[layer]
    return activations[..., margin:-margin, margin:-margin]


def to_edges(photo: Photo, clusters: npt.NDArray[np.intp]) -> Labels:
    """(h, w) at `EDGE_SIZE` to the photo's (H, W): the guided filter smooths outlines, slivers are dropped."""
    image = _reduced(photo)
    masks = one_hot(torch.from_numpy(clusters), int(clusters.max()) + 1)
    fitted = edge_aware(masks, image, max(2, round(EDGE_RADIUS * max(shape_of(image)))))
    labels = functional.interpolate(fitted, size=photo.shape[:2], mode="bilinear", antialias=True)[0].argmax(dim=0)
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
