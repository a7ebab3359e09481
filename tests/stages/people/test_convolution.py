"""Against torch's own operations."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from stages.people.convolution import convolve, pool, prelu, resample, softmax

RNG = np.random.default_rng(0)


def first(x: np.ndarray) -> torch.Tensor:
    """Channels first."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))


def last(x: torch.Tensor) -> np.ndarray:
    return np.moveaxis(x.numpy(), 1, -1)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_convolution(size: int) -> None:
    x = RNG.standard_normal((2, 9, 11, 3)).astype(np.float32)
    weight, bias = RNG.standard_normal((5, 3, size, size)).astype(np.float32), np.arange(5, dtype=np.float32)
    wanted = functional.conv2d(first(x), torch.from_numpy(weight), torch.from_numpy(bias))
    np.testing.assert_allclose(convolve(x, weight, bias), last(wanted), atol=1e-4)


def test_slopes() -> None:
    x, slope = RNG.standard_normal((1, 4, 4, 3)).astype(np.float32), np.array([0.1, -0.5, 2], np.float32)
    np.testing.assert_allclose(prelu(x, slope), last(functional.prelu(first(x), torch.from_numpy(slope))), atol=1e-6)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("shape", [(10, 10), (11, 12), (23, 46), (5, 4)])
def test_pooling(size: int, shape: tuple[int, int]) -> None:
    x = RNG.standard_normal((2, *shape, 3)).astype(np.float32)
    np.testing.assert_array_equal(pool(x, size), last(functional.max_pool2d(first(x), size, 2, ceil_mode=True)))


@pytest.mark.parametrize("shape", [(24, 24), (7, 5), (60, 90)])
def test_resampling(shape: tuple[int, int]) -> None:
    x = RNG.random((31, 45, 3), np.float32)
    wanted = last(functional.interpolate(first(x[None]), size=shape, mode="area"))[0]
    np.testing.assert_allclose(resample(x, *shape), wanted, atol=1e-5)


def test_shares() -> None:
    x = RNG.standard_normal((4, 2)).astype(np.float32) * 50
    np.testing.assert_allclose(softmax(x), torch.softmax(torch.from_numpy(x), 1).numpy(), atol=1e-6)
