"""What small convolutional networks need, in numpy: images are (N, H, W, C) float32."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Features = NDArray[np.float32]


def convolve(x: Features, weight: Features, bias: Features) -> Features:
    """Without padding. weight: (out, in, k, k), as torch has it. bias: (out,)."""
    windows = sliding_window_view(x, weight.shape[2:], axis=(1, 2))
    product: Features = np.tensordot(windows, weight, axes=((3, 4, 5), (1, 2, 3))) + bias
    return product


def prelu(x: Features, slope: Features) -> Features:
    """Negative values times their channel's slope."""
    return np.where(x > 0, x, x * slope)


def pool(x: Features, size: int, step: int = 2) -> Features:
    """The largest value of each window; the last window may hang over the border (torch's ceil_mode)."""
    steps = [-(-(length - size) // step) + 1 for length in x.shape[1:3]]
    over = [(count - 1) * step + size - length for count, length in zip(steps, x.shape[1:3], strict=True)]
    padded = np.pad(x, ((0, 0), (0, max(0, over[0])), (0, max(0, over[1])), (0, 0)), constant_values=-np.inf)
    largest: Features = sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::step, ::step].max(axis=(-2, -1))
    return largest


def softmax(x: Features) -> Features:
    """Over the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Features = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def resample(image: Features, height: int, width: int) -> Features:
    """(H, W, C) to (height, width, C): the mean of the pixels under each new one (torch's mode area)."""
    for axis, count in ((0, height), (1, width)):
        length = image.shape[axis]
        edges = np.arange(count + 1) * length
        starts, ends = edges[:-1] // count, -(-edges[1:] // count)
        sums = np.cumsum(image, axis=axis, dtype=np.float64)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis=axis)
        shape = [-1 if at == axis else 1 for at in range(image.ndim)]
        means = (np.take(sums, ends, axis) - np.take(sums, starts, axis)) / (ends - starts).reshape(shape)
        image = means.astype(np.float32)
    return image
