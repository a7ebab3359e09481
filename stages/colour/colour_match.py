"""Colour statistics of one region carried onto another: the Monge-Kantorovich linear map (Pitié and Kokaram 2007)."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NOISE_VARIANCE = 1e-3
"""Added to both covariances: what varies by less than 0.03 is mostly noise and JPEG blocks, not to be stretched."""


def monge_kantorovich(source: Array, target: Array) -> tuple[Array, Array]:
    """The affine map x -> A x + b that takes the mean and covariance of `source` to those of `target`.

    Of all such maps it moves colours least: A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2, symmetric positive definite.

    Args:
        source, target: (n, 3) and (m, 3) colours, n, m >= 1.

    Returns:
        A (3, 3) and b (3,).
    """
    mean_source, mean_target = source.mean(axis=0), target.mean(axis=0)
    noise = NOISE_VARIANCE * np.eye(3)
    S, T = covariance(source) + noise, covariance(target) + noise
    root = _power(S, 0.5)
    inverse_root = _power(S, -0.5)
    A = inverse_root @ _power(root @ T @ root, 0.5) @ inverse_root
    return A, mean_target - A @ mean_source


def covariance(colours: Array) -> Array:
    """(3, 3) covariance of (n, 3) colours, divided by n."""
    centred = colours - colours.mean(axis=0)
    product: Array = centred.T @ centred / len(colours)
    return product


def _power(M: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh(M)
    power: Array = (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
    return power
