"""The canvas of colour maps: what its parts make together, and what its priors see."""

import pytest
import torch

from stages.stylize.canvas import ColourMaps
from stages.stylize.losses import flatness_loss

PRIORS = {"roughness": 1.0, "locality": 1.0, "flatness": 1.0, "evenness": 1.0}
START = torch.tensor([[0.5, 0.1, 0.0, 0.1], [0.0, 0.6, 0.1, 0.05], [0.2, 0.0, 0.5, 0.1]])


def textured(height=48, width=64, contrast=0.1):
    """Grey noise: even in the mean of cells, flat nowhere."""
    noise = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(5))
    return (0.5 + contrast * (noise - 0.5)).expand(1, 3, height, width).contiguous()


def canvas_of(content, **priors):
    weights = torch.ones_like(content[:, :1])
    canvas = ColourMaps(content, weights, START[None], rows=6, bins=4, priors=PRIORS | priors)
    canvas.resize(tuple(content.shape[-2:]))
    return canvas


def test_it_starts_as_the_first_map_and_breaks_no_prior_of_the_grid():
    content = textured()
    canvas = canvas_of(content)
    image = canvas.image()
    expected = torch.einsum("ij,bjhw->bihw", START[:, :3], content) + START[:, 3].view(1, 3, 1, 1)
    torch.testing.assert_close(image, expected)
    prior = canvas.prior(image)
    assert prior["roughness"] == 0
    assert prior["locality"] < 1e-12


def test_every_level_moves_the_image():
    canvas = canvas_of(textured())
    canvas.image().square().sum().backward()
    assert len(canvas.parameters()) == 3  # cells of three widths
    for level in canvas.parameters():
        assert level.grad is not None
        assert level.grad.abs().max() > 0


def test_a_curve_over_luma_is_no_locality_and_a_cell_is():
    canvas = canvas_of(textured())
    finest, *_ = canvas.parameters()
    with torch.no_grad():
        finest += torch.rand(1, 12, 4, 1, 1, generator=torch.Generator().manual_seed(6))
    prior = canvas.prior(canvas.image())
    assert prior["locality"] < 1e-10
    assert prior["roughness"] > 0  # along luma
    with torch.no_grad():
        finest[..., 2, 3] += 0.1
    assert canvas.prior(canvas.image())["locality"] > 1e-5


def test_drift_over_a_texture_is_uneven_though_nowhere_unflat():
    """Where each pixel differs from its neighbours, flatness sees nothing: the means of cells do."""
    content = textured()
    canvas = canvas_of(content)
    drift = torch.linspace(0, 0.3, content.shape[3]).view(1, 1, 1, -1) * torch.tensor([1.0, -1.0, 0.0]).view(1, 3, 1, 1)
    even, drifted = canvas.prior(content), canvas.prior(content + drift)
    assert drifted["evenness"] > 10 * even["evenness"]
    slope = flatness_loss(content + drift, (torch.ones(1), torch.ones(1)))
    assert drifted["flatness"] < 0.05 * slope


def test_what_differs_in_the_content_may_differ():
    halves = torch.full((1, 3, 48, 64), 0.2)
    halves[..., 32:] = 0.7
    canvas = canvas_of(halves)
    assert canvas.prior(1 - halves)["evenness"] < 1e-6
    assert canvas.prior(1 - halves)["flatness"] < 1e-6


@pytest.mark.parametrize("name", list(PRIORS))
def test_a_prior_of_weight_zero_is_off(name):
    canvas = canvas_of(textured(), **{name: 0.0})
    with torch.no_grad():
        for part in canvas.parameters():
            part += 0.1 * torch.rand(part.shape, generator=torch.Generator().manual_seed(7))
    prior = canvas.prior(canvas.image())
    assert prior[name] == 0
    assert all(value > 0 for other, value in prior.items() if other != name)
