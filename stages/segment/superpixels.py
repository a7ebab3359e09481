"""A photo's superpixels: patches of even colour, whose outlines are the photo's own edges."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from skimage.segmentation import slic

from stages.arrays import Array, Photo

Outlines = npt.NDArray[np.intp]

COUNT = 700
"""About so many to a photo: they are as large as the cells of VGG's fourth block in a photo of 256 pixels."""
COMPACTNESS = 10.0
"""A superpixel's width, as a difference of colour in Lab: more makes squares, less follows every speck."""
BLUR = 1.0
"""Standard deviation in pixels: grain and JPEG blocks have no outlines."""


def superpixels(photo: Photo) -> Outlines:
    """Simple linear iterative clustering (Achanta et al. 2012): colour and place, each patch in one piece.

    Args:
        photo: (h, w, 3) in [0, 1].

    Returns:
        (h, w), 0 .. n - 1, each present.
    """
    patches = slic(photo, COUNT, COMPACTNESS, sigma=BLUR, start_label=0)
    numbers: Outlines = np.unique(patches, return_inverse=True)[1].reshape(patches.shape)
    return numbers


def touching(outlines: Outlines) -> npt.NDArray[np.bool_]:
    """(n, n): which superpixels of (h, w) touch along an edge of a pixel; none touches itself."""
    count = int(outlines.max()) + 1
    beside = np.zeros((count, count), np.bool_)
    beside[outlines[1:], outlines[:-1]] = True
    beside[outlines[:, 1:], outlines[:, :-1]] = True
    np.fill_diagonal(beside, False)
    return beside | beside.T


def averages(planes: npt.NDArray[np.floating[Any]], outlines: Outlines) -> Array:
    """The mean of each superpixel, where the planes are coarser of what is interpolated between their cells.

    Args:
        planes: (C, r, c), of the whole photo.
        outlines: (h, w) superpixels, 0 .. n - 1.

    Returns:
        (C, n).
    """
    patches, pixels = outlines.ravel(), np.arange(outlines.size)
    members = sparse.csr_array((1 / np.bincount(patches)[patches], (patches, pixels)))
    rows, columns = (_interpolation(*sizes) for sizes in zip(outlines.shape, planes.shape[1:], strict=True))
    means: Array = (members @ sparse.kron(rows, columns, format="csr")) @ planes.reshape(len(planes), -1).T
    return means.T


def _interpolation(pixels: int, cells: int) -> sparse.csr_array:
    """(pixels, cells): linear between the cells' middles, and constant beyond the outermost."""
    place = ((np.arange(pixels) + 0.5) * cells / pixels - 0.5).clip(0, cells - 1)
    before = np.floor(place).astype(np.intp)
    after = np.minimum(before + 1, cells - 1)
    weights = np.r_[1 - (place - before), place - before]
    return sparse.csr_array((weights, (np.tile(np.arange(pixels), 2), np.r_[before, after])), (pixels, cells))
