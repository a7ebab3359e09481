"""The losses of stage one and of the one-stage method. All are zero at their target and of order one at the start."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor


class Block(NamedTuple):
    """Regions whose Gram matrices are summed in one product, over pixels that hold all of them."""

    pixels: slice
    regions: slice


class GramWeights(NamedTuple):
    """The weight of each pixel in each region's Gram matrix, prepared once for many evaluations."""

    weights: Tensor
    """(P, K), each region's summing to one; all zero for a region with no pixels."""
    blocks: tuple[Block, ...]


def gram_weights(guide: Tensor) -> GramWeights:
    """Prepares the soft masks of a layer's regions.

    On a GPU all regions share one product, since it is short of kernels and not of arithmetic. On a CPU each has its
    own, over the span of pixels that it touches.

    Args:
        guide: (K, P) soft masks in [0, 1].
    """
    count, pixels = guide.shape
    weights = guide / guide.sum(dim=1, keepdim=True).clamp(min=torch.finfo(guide.dtype).tiny)
    blocks = [Block(slice(0, pixels), slice(0, count))]
    if guide.device.type == "cpu":
        touched = [inside.nonzero()[:, 0].tolist() or [0] for inside in guide]
        blocks = [Block(slice(each[0], each[-1] + 1), slice(k, k + 1)) for k, each in enumerate(touched)]
    return GramWeights(weights.T.contiguous(), tuple(blocks))


class _Gram(torch.autograd.Function):
    """F^T diag(m_k) F for all regions k, F being (P, C), with its exact gradient sum_k diag(m_k) F (S_k + S_k^T).

    The weighted copies of F that the matrices are products of are those that the gradient is a product of.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, F: Tensor, weights: Tensor, blocks: tuple[Block, ...]
    ) -> Tensor:
        channels = F.shape[1]
        weighted = [(weights[pixels, regions, None] * F[pixels, None]).flatten(1) for pixels, regions in blocks]
        products = [W.T @ F[pixels] for W, (pixels, _) in zip(weighted, blocks, strict=True)]  # (k C, C) each
        ctx.save_for_backward(*weighted)
        ctx.blocks, ctx.shape = blocks, F.shape  # type: ignore[attr-defined]
        return torch.cat(products).view(-1, channels, channels)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None]:
        S = grad + grad.transpose(1, 2)
        dF = S.new_zeros(ctx.shape)  # type: ignore[attr-defined]
        for W, (pixels, regions) in zip(ctx.saved_tensors, ctx.blocks, strict=True):  # type: ignore[attr-defined]
            dF[pixels].addmm_(W, S[regions].flatten(0, 1))
        return dF, None, None


def gram(activations: Tensor, weights: GramWeights) -> Tensor:
    """G_k = F diag(m_k) F^T / sum(m_k) for each region k.

    Args:
        activations: (1, C, h, w), best with their channels last in memory.
        weights: of the layer's h * w pixels.

    Returns:
        (K, C, C). A region with no pixels has the zero matrix.
    """
    F = activations.permute(0, 2, 3, 1).flatten(0, 2)  # (P, C)
    G: Tensor = _Gram.apply(F, weights.weights, weights.blocks)
    return G


def style_loss(
    grams: Mapping[str, Tensor], targets: Mapping[str, Tensor], areas: Tensor, layers: Tensor | None = None
) -> Tensor:
    """Relative squared Gram error, averaged over layers, regions weighted by their area.

    sum_k a_k ||G_k - T_k||^2 / ||T_k||^2. The paper divides by the counts instead, which leaves the layers' weights
    to the scale of their activations.

    Args:
        grams, targets: layer name to (K, C, C).
        areas: (K,), the regions' shares of the content, summing to one.
        layers: the layers' weights in the average, summing to one; without them, all are equal.

    Returns:
        Scalar: 0 at the target, about 1 for an image with nothing of the style.
    """
    errors = torch.stack(
        [
            (areas * (G - targets[name]).square().sum(dim=(1, 2)) / targets[name].square().sum(dim=(1, 2))).sum()
            for name, G in grams.items()
        ]
    )
    return errors.mean() if layers is None else (layers * errors).sum()


def content_loss(activations: Tensor, target: Tensor) -> Tensor:
    """Relative squared error of one layer's activations: ||F - T||^2 / ||T||^2, (1, C, h, w) each."""
    return (activations - target).square().sum() / target.square().sum()


def total_variation(image: Tensor) -> Tensor:
    """Quadratic total variation of (1, C, H, W): mean over pixels and channels of squared forward differences."""
    horizontal = (image[..., :, 1:] - image[..., :, :-1]).square().sum()
    vertical = (image[..., 1:, :] - image[..., :-1, :]).square().sum()
    return (horizontal + vertical) / image.numel()


def chroma_variation(image: Tensor) -> Tensor:
    """Total variation of what (1, 3, H, W) is beside the mean of its channels.

    Gram matrices are matched as well by speckles of many colours as by texture; the eye forgives the second only.
    """
    return total_variation(image - image.mean(dim=1, keepdim=True))


class _AffineEnergy(torch.autograd.Function):
    """sum_c x_c^T L x_c with its exact gradient 2 L x_c: one sparse product serves both."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, laplacian: Tensor) -> Tensor:
        Lx = laplacian @ x
        ctx.save_for_backward(Lx)
        return (x * Lx).sum()

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
        (Lx,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return 2 * grad * Lx, None


def photorealism_loss(image: Tensor, laplacian: Tensor) -> Tensor:
    """Affine energy per pixel, sum_c x_c^T L x_c / n (Luan et al. 2017, eq. 2, divided by the number of pixels).

    Args:
        image: (1, 3, H, W).
        laplacian: sparse symmetric (H * W, H * W), rows in C order of the pixels, of the image's dtype and device.

    Returns:
        Scalar: 0 where the image is locally an affine function of the content's colours.
    """
    x = image[0].flatten(1).T.contiguous()  # (n, 3)
    energy: Tensor = _AffineEnergy.apply(x, laplacian)
    return energy / x.shape[0]
