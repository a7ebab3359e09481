"""Convolutions of 3x3 with half of the multiplications: Winograd's minimal filtering F(4, 3), down the columns.

Four outputs of a filter g of three taps take six multiplications, where the definition takes twelve:
y = A^T (G g * B^T d), with d the six inputs that the four outputs see (Winograd 1980; Lavin and Gray, CVPR 2016). Here
d are rows of the image and * is a convolution of 1x3 along them, which a library does at full speed; the other factors
are a few additions. In float32 the error is about twice that of the definition. In two dimensions still fewer
multiplications would do, but with more additions, which wait for memory.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

LEAST = 80_000
"""Values of an image below which it does not pay: there PyTorch has no fast convolution for a quarter of the rows."""


class Filters(NamedTuple):
    """The filters of one layer, transformed once for many convolutions."""

    forth: tuple[Tensor, ...]
    """Six of (out, in, 1, 3): G g."""
    back: tuple[Tensor, ...]
    """Six of (in, out, 1, 3), of the convolution that carries gradients back: the filters turned about."""
    bias: Tensor
    """(out,)."""


def transform(weight: Tensor, bias: Tensor) -> Filters:
    """Filters of (out, in, 3, 3) and their bias."""
    return Filters(_transformed(weight), _transformed(weight.flip(2, 3).transpose(0, 1)), bias)


def convolve(image: Tensor, filters: Filters) -> Tensor:
    """The convolution of (1, in, H, W) with a border of zeros: (1, out, H, W), both with their channels last in memory.

    Gradients go back to the image only.
    """
    convolved: Tensor = _Convolution.apply(image, filters)
    return convolved


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, image: Tensor, filters: Filters) -> Tensor:
        ctx.filters = filters
        return _convolve(image, filters.forth, filters.bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _convolve(grad, ctx.filters.back, None), None


def _transformed(weight: Tensor) -> tuple[Tensor, ...]:
    """G g."""
    above, middle, below = weight.unbind(dim=2)
    ends, quarters = above + below, above + 4 * below
    six = (
        above / 4,
        -(ends + middle) / 6,
        -(ends - middle) / 6,
        (quarters + 2 * middle) / 24,
        (quarters - 2 * middle) / 24,
        below,
    )
    return tuple(each[:, :, None].contiguous(memory_format=torch.channels_last) for each in six)


def _convolve(image: Tensor, filters: tuple[Tensor, ...], bias: Tensor | None) -> Tensor:
    _, channels, height, width = image.shape
    fours = -(-height // 4)
    padded = image.new_zeros(4 * fours + 2, width, channels)
    padded[1 : height + 1] = image[0].permute(1, 2, 0)
    d = [padded[k : k + 4 * fours : 4] for k in range(6)]
    biases = (None, bias, None, None, None, None)  # what is added to the second is added to all four rows
    M = [
        functional.conv2d(rows.permute(2, 0, 1)[None], filter_, bias_, padding=(0, 1))[0].permute(1, 2, 0)
        for rows, filter_, bias_ in zip(_into_six(d), filters, biases, strict=True)
    ]
    convolved = torch.empty(
        (1, M[0].shape[2], height, width), dtype=image.dtype, device=image.device, memory_format=torch.channels_last
    )
    _into_four(M, convolved[0].permute(1, 2, 0))
    return convolved


def _into_six(d: list[Tensor]) -> Tensor:
    """B^T d: six of (fours, W, C)."""
    V = d[0].new_empty(6, *d[0].shape)
    even, odd, outer = d[4] - d[2], d[3] - d[1], d[0] - d[2]
    even4, odd4 = torch.sub(d[4], d[2], alpha=4), torch.sub(d[3], d[1], alpha=4)
    torch.add(even, outer, alpha=4, out=V[0])
    torch.add(even4, odd4, out=V[1])
    torch.sub(even4, odd4, out=V[2])
    torch.add(even, odd, alpha=2, out=V[3])
    torch.sub(even, odd, alpha=2, out=V[4])
    torch.sub(d[5] - d[3], odd, alpha=4, out=V[5])
    return V


def _into_four(M: list[Tensor], Y: Tensor) -> None:
    """A^T M, into the rows of Y, (H, W, C)."""
    sum1, difference1, sum2, difference2 = M[1] + M[2], M[1] - M[2], M[3] + M[4], M[3] - M[4]
    four = (M[0] + sum1, sum2, 1), (difference1, difference2, 2), (sum1, sum2, 4), (difference1 + M[5], difference2, 8)
    for k, (one, other, times) in enumerate(four):
        rows = Y[k::4]
        torch.add(one[: len(rows)], other[: len(rows)], alpha=times, out=rows)
