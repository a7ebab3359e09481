"""Optimal transport of colours between two regions: the Monge-Kantorovich linear map (Pitié and Kokaram 2007)."""

import numpy as np

from stages.arrays import Array

NOISE_VARIANCE = 1e-3
"""What varies by less than 0.03 is mostly noise and JPEG blocks: not to be stretched."""
STEEPEST = 3.0
"""A map stretches no direction of colour by more than this: noise would show."""
NO_VARIANCE = 1e-5
"""A direction in which colours vary by less than one step of an 8-bit image is none of theirs."""


def monge_kantorovich(source: Array, target: Array) -> tuple[Array, Array]:
    """The affine map x -> A x + b that takes the mean and covariance of `source` to those of `target`.

    Of all such maps it moves colours least: A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2, symmetric positive semidefinite.
    NOISE_VARIANCE is added to both covariances; to the target's within its span only, so that the range of A lies in
    that span: what is mapped has no colour that the target lacks. A grey target makes grey of everything. No direction
    is stretched by more than STEEPEST.

    Args:
        source, target: (n, 3) and (m, 3) colours, n, m >= 1.

    Returns:
        A (3, 3) and b (3,).
    """
    mean_source, mean_target = mean(source), mean(target)
    S = covariance(source) + NOISE_VARIANCE * np.eye(3)
    T = covariance(target)
    T += NOISE_VARIANCE * _kept(T)
    root, inverse_root = _power(S, 0.5), _power(S, -0.5)
    A = bounded(inverse_root @ _power(root @ T @ root, 0.5) @ inverse_root, STEEPEST)
    return A, mean_target - A @ mean_source


def wasserstein(source: Array, target: Array) -> float:
    """The squared 2-Wasserstein distance between Gaussians of the moments of (n, 3) and (m, 3) colours.

    |mean - mean'|^2 + tr(S + T - 2 (S^1/2 T S^1/2)^1/2) (Dowson and Landau 1982).
    """
    S, T = covariance(source), covariance(target)
    root = _power(S, 0.5)
    apart = np.square(mean(source) - mean(target)).sum()
    return float(apart + np.trace(S + T - 2 * _power(root @ T @ root, 0.5)))


def bounded(A: Array, steepest: float) -> Array:
    """A symmetric positive semidefinite A (3, 3), its eigenvalues no larger than `steepest`."""
    slopes, directions = np.linalg.eigh(A)
    less: Array = (directions * slopes.clip(0, steepest)) @ directions.T
    return less


def span(colours: Array) -> Array:
    """The projection onto the directions in which (n, 3) colours vary: T (T + t I)^-1, (3, 3), symmetric.

    A direction of variance v is kept by v / (v + t), so that a little noise of the chroma opens no new one.
    """
    return _kept(covariance(colours))


def _kept(T: Array) -> Array:
    values, vectors = np.linalg.eigh(T)
    projection: Array = (vectors * (values.clip(0) / (values.clip(0) + NO_VARIANCE))) @ vectors.T
    return projection


def mean(colours: Array) -> Array:
    """(3,) of (n, 3) colours: along the first axis numpy takes ten times as long."""
    of_channels: Array = colours.T.copy().mean(axis=1)
    return of_channels


def covariance(colours: Array) -> Array:
    """(3, 3) covariance of (n, 3) colours, divided by n."""
    centred = colours.T.copy()
    centred -= centred.mean(axis=1, keepdims=True)
    product: Array = centred @ centred.T / len(colours)
    return product


def _power(M: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh(M)
    power: Array = (vectors * values.clip(0) ** exponent) @ vectors.T
    return power
