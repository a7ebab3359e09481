"""The losses of stage one and of the one-stage method. All are zero at their target and of order one at the start."""

from collections.abc import Mapping

import torch
from torch import Tensor


class _Gram(torch.autograd.Function):
    """F diag(m) F^T over the pixels where m > 0, with its exact gradient (S + S^T) F diag(m).

    Each region costs its own pixels only, and the gradient one product where autograd would take two.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, F: Tensor, pixels: Tensor, weights: Tensor) -> Tensor:
        inside = F[:, pixels]
        ctx.save_for_backward(F, pixels, weights)
        return (inside * weights) @ inside.T

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None]:
        F, pixels, weights = ctx.saved_tensors  # type: ignore[attr-defined]
        dF = torch.zeros_like(F)
        dF[:, pixels] = ((grad + grad.T) @ F[:, pixels]) * weights
        return dF, None, None


def gram(activations: Tensor, guide: Tensor) -> Tensor:
    """G_k = F diag(m_k) F^T / sum(m_k) for each region k.

    Args:
        activations: (1, C, h, w).
        guide: (K, h * w) soft masks in [0, 1].

    Returns:
        (K, C, C). A region with no pixels has the zero matrix.
    """
    F = activations[0].flatten(1)
    grams = []
    for m in guide:
        pixels = m.nonzero()[:, 0]
        total = m.sum().clamp(min=torch.finfo(F.dtype).tiny)
        G: Tensor = _Gram.apply(F, pixels, m[pixels] / total)
        grams.append(G)
    return torch.stack(grams)


def style_loss(grams: Mapping[str, Tensor], targets: Mapping[str, Tensor], areas: Tensor) -> Tensor:
    """Relative squared Gram error, averaged over layers, regions weighted by their area.

    sum_k a_k ||G_k - T_k||^2 / ||T_k||^2. The paper divides by the counts instead, which leaves the layers' weights
    to the scale of their activations.

    Args:
        grams, targets: layer name to (K, C, C).
        areas: (K,), the regions' shares of the content, summing to one.

    Returns:
        Scalar: 0 at the target, about 1 for an image with nothing of the style.
    """
    errors = [
        (areas * (G - targets[name]).square().sum(dim=(1, 2)) / targets[name].square().sum(dim=(1, 2))).sum()
        for name, G in grams.items()
    ]
    return torch.stack(errors).mean()


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
