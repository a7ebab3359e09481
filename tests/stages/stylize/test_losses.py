"""Every loss against its definition, and its gradient against finite differences in float64."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from stages.smooth.matting_laplacian import matting_laplacian
from stages.stylize import losses
from stages.stylize.one_stage import to_sparse_tensor


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def rand(*shape, generator):
    return torch.rand(*shape, generator=generator, dtype=torch.float64)


def gram(F, guide):
    return losses.gram(F, losses.gram_weights(guide))


def test_gram_is_a_weighted_mean_of_outer_products(generator):
    F, guide = rand(1, 4, 3, 5, generator=generator), rand(2, 15, generator=generator)
    G = gram(F, guide)
    for k in range(2):
        expected = sum(guide[k, p] * torch.outer(F[0].flatten(1)[:, p], F[0].flatten(1)[:, p]) for p in range(15))
        torch.testing.assert_close(G[k], expected / guide[k].sum())


def test_gram_of_a_hard_region_ignores_the_rest(generator):
    F = rand(1, 4, 2, 6, generator=generator)
    left = torch.zeros(1, 2, 6, dtype=torch.float64)
    left[..., :3] = 1
    torch.testing.assert_close(
        losses.gram(F, losses.gram_weights(left.flatten(1)))[0],
        losses.gram(F[..., :3], losses.gram_weights(torch.ones(1, 6, dtype=torch.float64)))[0],
    )


def test_gram_of_an_empty_region_is_zero(generator):
    assert (
        losses.gram(rand(1, 4, 2, 3, generator=generator), losses.gram_weights(torch.zeros(1, 6, dtype=torch.float64)))
        .abs()
        .max()
        == 0
    )


def test_style_loss_is_zero_at_the_target_and_one_at_zero(generator):
    targets = {"a": rand(2, 4, 4, generator=generator), "b": rand(2, 3, 3, generator=generator)}
    areas = torch.tensor([0.3, 0.7], dtype=torch.float64)
    assert losses.style_loss(targets, targets, areas) == 0
    nothing = {name: torch.zeros_like(T) for name, T in targets.items()}
    assert losses.style_loss(nothing, targets, areas).item() == pytest.approx(1)
    half = nothing | {"b": targets["b"]}
    layers = torch.tensor([0.2, 0.8], dtype=torch.float64)
    assert losses.style_loss(half, targets, areas, layers).item() == pytest.approx(0.2)


def test_the_gram_matrices_and_their_gradient_are_the_same_in_one_product_and_in_several(generator):
    guide = rand(3, 15, generator=generator)
    guide[0, :4] = guide[1, 9:] = guide[2, 3:8] = 0
    several = losses.gram_weights(guide)
    assert [block.pixels for block in several.blocks] == [slice(4, 15), slice(0, 9), slice(0, 15)]
    one = several._replace(blocks=(losses.Block(slice(0, 15), slice(0, 3)),))
    F, along = rand(1, 4, 3, 5, generator=generator).requires_grad_(True), rand(3, 4, 4, generator=generator)
    grams = [losses.gram(F, weights) for weights in (one, several)]
    torch.testing.assert_close(*grams)
    torch.testing.assert_close(*(torch.autograd.grad(G, F, along)[0] for G in grams))
    assert gradcheck(lambda F: losses.gram(F, one), F)
    assert gradcheck(lambda F: losses.gram(F, several), F)


def test_a_gpu_sums_all_regions_in_one_product(exact_device, generator):
    F, guide = rand(1, 4, 3, 5, generator=generator), rand(2, 15, generator=generator)
    weights = losses.gram_weights(guide.to(exact_device))
    assert len(weights.blocks) == (2 if exact_device.type == "cpu" else 1)
    torch.testing.assert_close(losses.gram(F.to(exact_device), weights).cpu(), gram(F, guide))


def test_style_gradient(generator):
    guide, areas = rand(2, 15, generator=generator), torch.tensor([0.4, 0.6], dtype=torch.float64)
    target = losses.gram(rand(1, 4, 3, 5, generator=generator), losses.gram_weights(guide))
    F = rand(1, 4, 3, 5, generator=generator).requires_grad_(True)
    assert gradcheck(
        lambda F: losses.style_loss({"a": losses.gram(F, losses.gram_weights(guide))}, {"a": target}, areas), F
    )


def test_content_gradient(generator):
    target = rand(1, 4, 3, 5, generator=generator)
    assert losses.content_loss(target, target) == 0
    F = rand(1, 4, 3, 5, generator=generator).requires_grad_(True)
    assert gradcheck(lambda F: losses.content_loss(F, target), F)


def test_total_variation(generator):
    ramp = torch.arange(5, dtype=torch.float64).expand(1, 3, 4, 5)
    assert losses.total_variation(ramp).item() == pytest.approx(3 * 4 * 4 / 60)
    assert gradcheck(losses.total_variation, rand(1, 3, 4, 5, generator=generator).requires_grad_(True))


@pytest.fixture
def laplacian():
    content = np.random.default_rng(1).random((6, 7, 3))
    L = matting_laplacian(content)
    return content, L, to_sparse_tensor(L, torch.device("cpu"), torch.float64)


def test_photorealism_is_the_affine_energy_per_pixel(laplacian, generator):
    _, L, tensor = laplacian
    image = rand(1, 3, 6, 7, generator=generator)
    x = image[0].flatten(1).numpy()
    expected = sum(x[c] @ (L @ x[c]) for c in range(3)) / 42
    assert losses.photorealism_loss(image, tensor).item() == pytest.approx(expected)


def test_photorealism_gradient(laplacian, generator):
    _, _, tensor = laplacian
    image = rand(1, 3, 6, 7, generator=generator).requires_grad_(True)
    assert gradcheck(lambda image: losses.photorealism_loss(image, tensor), image)


def test_photorealism_of_a_recolouring_is_zero(laplacian):
    content, _, tensor = laplacian
    recoloured = content @ np.array([[0.5, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.3, 0.4]]) + 0.1
    image = torch.from_numpy(recoloured).permute(2, 0, 1)[None]
    assert losses.photorealism_loss(image, tensor).item() == pytest.approx(0, abs=1e-6)  # epsilon


def test_chroma_variation_is_blind_to_grey(generator):
    grey = rand(1, 1, 5, 6, generator=generator).expand(1, 3, 5, 6)
    assert losses.chroma_variation(grey) < 1e-30
    coloured = rand(1, 3, 5, 6, generator=generator)
    assert losses.chroma_variation(coloured) > 0.05
    image = coloured.clone().requires_grad_(True)
    assert gradcheck(losses.chroma_variation, image)
