"""The rival: stage two by FastPhotoStyle's way (Li et al. 2018), written after the paper and its method, not its code.

Affinities W of all 3x3 windows by numpy (an explicit inverse per window, all 81 pairs), S = D^-1/2 W D^-1/2, and the
unsymmetric sparse LU of scipy (SuperLU with its own ordering) of (I - beta S) x = (1 - beta) y, channel by channel.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, diags_array, eye_array
from scipy.sparse.linalg import splu

BETA = 0.9999
LAMBDA = 9 * (1 - BETA) / BETA  # the lambda that is the same, away from the border


def affinities(content: NDArray[np.float64], epsilon: float = 1e-7) -> csc_array:
    """W, (n, n): (1/9) (1 + (I_i - mu)^T (Sigma + eps/9)^-1 (I_j - mu)) summed over the windows that hold i and j."""
    height, width, _ = content.shape
    members = sliding_window_view(np.arange(height * width).reshape(height, width), (3, 3)).reshape(-1, 9)
    colours = content.reshape(-1, 3)[members]
    centred = colours - colours.mean(axis=1, keepdims=True)
    covariance = np.einsum("kic,kid->kcd", centred, centred) / 9 + epsilon / 9 * np.eye(3)
    windows = (1 + np.einsum("kic,kcd,kjd->kij", centred, np.linalg.inv(covariance), centred, optimize=True)) / 9
    rows, columns = np.repeat(members, 9, axis=1), np.tile(members, 9)
    return coo_array((windows.ravel(), (rows.ravel(), columns.ravel())), shape=(height * width,) * 2).tocsc()


def smooth(content: NDArray[np.float64], stylized: NDArray[np.float64], beta: float = BETA) -> NDArray[np.float64]:
    """The smoothed image, (H, W, 3)."""
    w = affinities(content)
    scaling = diags_array(1 / np.sqrt(w.sum(axis=0)))
    system = eye_array(w.shape[0], format="csc") - beta * (scaling @ w @ scaling)
    factor = splu(system.tocsc())
    planes = stylized.reshape(-1, 3).T
    return (1 - beta) * np.stack([factor.solve(plane) for plane in planes], axis=-1).reshape(content.shape)
