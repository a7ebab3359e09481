import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.colour.transport import NOISE_VARIANCE, STEEPEST, covariance, monge_kantorovich, span, wasserstein


def cloud(rng, n=500):
    return rng.random(3) + rng.standard_normal((n, 3)) @ rng.standard_normal((3, 3))


@given(st.integers(0, 200))
def test_mean_and_covariance_are_carried_over(seed):
    rng = np.random.default_rng(seed)
    source, target = cloud(rng), 0.1 * cloud(rng)
    A, b = monge_kantorovich(source, target)
    noise = NOISE_VARIANCE * np.eye(3)
    np.testing.assert_allclose((source @ A.T + b).mean(axis=0), target.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(A, A.T, atol=1e-9)
    assert np.linalg.eigvalsh(A).min() > 0
    if np.linalg.eigvalsh(A).max() < STEEPEST - 1e-9:
        carried = A @ (covariance(source) + noise) @ A.T
        np.testing.assert_allclose(carried, covariance(target) + NOISE_VARIANCE * span(target), rtol=1e-6, atol=1e-9)


def test_equal_clouds_give_the_identity():
    colours = cloud(np.random.default_rng(0))
    A, b = monge_kantorovich(colours, colours)
    np.testing.assert_allclose(A, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(b, 0, atol=1e-6)


def test_flat_colour_is_not_stretched_into_noise():
    rng = np.random.default_rng(0)
    flat = 0.9 + 1e-4 * rng.standard_normal((500, 3))
    A, _ = monge_kantorovich(flat, cloud(rng))
    assert np.linalg.norm(A, 2) <= STEEPEST + 1e-9


def test_no_direction_comes_up_that_the_target_lacks():
    rng = np.random.default_rng(1)
    grey = np.repeat(rng.random((500, 1)), 3, axis=1)
    A, b = monge_kantorovich(cloud(rng), grey)
    np.testing.assert_allclose(np.ptp(cloud(rng) @ A.T + b, axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(span(grey), np.full((3, 3), 1 / 3), atol=1e-3)


def test_wasserstein_is_what_monge_kantorovich_pays():
    """The map's mean squared movement of a cloud whose covariances need no noise; and nothing to itself."""
    rng = np.random.default_rng(0)
    source, target = cloud(rng), cloud(rng)
    np.testing.assert_allclose(wasserstein(source, source), 0, atol=1e-9)
    S, T = covariance(source), covariance(target)
    products = np.linalg.eigvals(S @ T).real.clip(0)
    paid = np.square(source.mean(axis=0) - target.mean(axis=0)).sum() + np.trace(S + T) - 2 * np.sqrt(products).sum()
    np.testing.assert_allclose(wasserstein(source, target), paid, rtol=1e-9)
