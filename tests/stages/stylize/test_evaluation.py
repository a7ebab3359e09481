"""One evaluation: what it leaves and gives, on every device, however it is done."""

import pytest
import torch

from stages.stylize.evaluation import evaluation_of


@pytest.fixture
def x(device):
    return torch.tensor([1.0, -2.0, 3.0], device=device, requires_grad=True)


def test_it_gives_the_losses_and_leaves_the_gradient_of_their_sum(x):
    notes = []
    evaluate = evaluation_of(lambda: {"square": x.square().sum(), "sum": 2 * x.sum()}, [x], notes.append)
    for factor in (1, 2, 2):  # wherever the parameter has gone
        with torch.no_grad():
            x.mul_(factor)
        now = x.detach().clone()
        assert evaluate() == pytest.approx({"square": now.square().sum().item(), "sum": 2 * now.sum().item()})
        torch.testing.assert_close(x.grad, 2 * now + 2)
    assert notes == []


def test_what_cannot_be_recorded_is_told_and_computed_all_the_same(device, x):
    notes = []
    evaluate = evaluation_of(lambda: {"waits": x.sum() * x[0].item()}, [x], notes.append)
    assert evaluate() == {"waits": 2.0}
    torch.testing.assert_close(x.grad, torch.ones_like(x))
    assert len(notes) == (device.type == "cuda")
    if device.type == "cuda":
        assert torch.cuda.current_stream() == torch.cuda.default_stream()


def test_gradients_lie_as_the_parameter_does(device):
    image = torch.rand(1, 3, 4, 5, device=device, requires_grad=True)
    evaluation_of(lambda: {"last": image.permute(0, 2, 3, 1).contiguous().square().sum()}, [image])()
    assert image.grad is not None
    assert image.grad.is_contiguous()
