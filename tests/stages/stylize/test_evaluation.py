"""One evaluation: what it gives, on every device, however it is done; and that a GPU can record it."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from stages.features import Encoder
from stages.features.encoder import CONVOLUTIONS
from stages.settings import OneStage, Stylize
from stages.stylize import objective
from stages.stylize.coarse_to_fine import losses_at
from stages.stylize.evaluation import evaluation_of
from stages.stylize.on_device import OnDevice
from stages.stylize.pixels import Pixels


@pytest.fixture
def x(device):
    return torch.tensor([1.0, -2.0, 3.0], device=device, requires_grad=True)


def test_it_gives_the_losses_and_the_gradient_of_their_sum(x):
    notes = []
    evaluate = evaluation_of(lambda: {"square": x.square().sum(), "sum": 2 * x.sum()}, x, notes.append)
    for factor in (1, 2, 2):  # wherever the parameter has gone
        with torch.no_grad():
            x.mul_(factor)
        now = x.detach().clone()
        names, values, gradient = evaluate()
        assert names == ("square", "sum")
        assert values.tolist() == pytest.approx([now.square().sum().item(), 2 * now.sum().item()])
        torch.testing.assert_close(gradient, 2 * now + 2)
    assert notes == []


def test_what_cannot_be_recorded_is_told_and_computed_all_the_same(device, x):
    notes = []
    evaluate = evaluation_of(lambda: {"waits": x.sum() * x[0].item()}, x, notes.append)
    _, values, gradient = evaluate()
    assert values.tolist() == [2.0]
    torch.testing.assert_close(gradient, torch.ones_like(x))
    assert len(notes) == (device.type == "cuda")
    if device.type == "cuda":
        assert "synchronizing" in notes[0]
        assert torch.cuda.current_stream() == torch.cuda.default_stream()
        assert torch.cuda.get_sync_debug_mode() == 0
        notes.clear()  # and what can be recorded still is
        evaluate = evaluation_of(lambda: {"square": x.square().sum()}, x, notes.append)
        assert evaluate().values.tolist() == [14.0]
        assert notes == []


def test_gradients_lie_as_the_parameter_does(device):
    image = torch.rand(1, 3, 4, 5, device=device, requires_grad=True)
    evaluate = evaluation_of(lambda: {"last": image.permute(0, 2, 3, 1).contiguous().square().sum()}, image)
    assert evaluate().gradient.is_contiguous()


class OnTheDeviceOnly(TorchDispatchMode):
    """No tensor of the host's comes in, as it would by a copy that has to be waited for."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        tensors = [each for each in torch.utils._pytree.tree_leaves((args, kwargs, result)) if torch.is_tensor(each)]
        assert {each.device.type for each in tensors} <= {"meta"}, function
        return result


@pytest.fixture
def abstract():
    """A pair, its pixels and an encoder on a device without values: whatever would read one raises an error."""
    device = torch.device("meta")
    weights, channels = {}, 3
    for block, (count, out) in enumerate(zip(CONVOLUTIONS["vgg16"], (64, 128, 256, 512, 512), strict=True), start=1):
        for index in range(1, count + 1):
            weights[f"conv{block}_{index}.weight"] = np.zeros((out, channels, 3, 3), np.float32)
            weights[f"conv{block}_{index}.bias"] = np.zeros(out, np.float32)
            channels = out
    photo, labels = torch.empty(1, 3, 48, 64, device=device), torch.empty(48, 64, dtype=torch.long, device=device)
    pixels = Pixels(photo, torch.empty(1, 2, 48, 64, device=device), torch.empty(2, 3, 3, device=device))
    pixels.resize((36, 48))
    return OnDevice(photo, photo, labels, labels, 2), pixels, Encoder(weights, "vgg16", device)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("settings", [Stylize(), OneStage()])
def test_an_evaluation_neither_waits_for_the_device_nor_takes_anything_of_the_hosts(
    abstract, settings, dtype, monkeypatch
):
    """So that a GPU can record it. The device has no values, and is not a CPU: it takes the way that a GPU takes."""
    monkeypatch.setattr(objective, "compute_dtype", lambda device: dtype)
    pair, pixels, encoder = abstract
    evaluate = evaluation_of(losses_at(48, pair, pixels, encoder, settings), pixels.change)
    with OnTheDeviceOnly():
        names, values, gradient = evaluate()
    assert names == ("style", "content", "variation", "chroma")
    assert values.shape == (4,)
    assert gradient.shape == (1, 3, 36, 48)


@pytest.mark.parametrize(
    ("waiting", "error", "told"),
    [
        (lambda x: x * x.sum().item(), RuntimeError, r"item\(\) cannot be called"),
        (lambda x: x[x > 0], NotImplementedError, "nonzero"),
        (lambda x: x[x.argmax()] if x.sum() > 0 else x, RuntimeError, r"item\(\) cannot be called"),
        (lambda x: x + torch.tensor([1.0, 2.0, 3.0]).to(x.device), AssertionError, "lift_fresh"),
    ],
)
def test_what_waits_is_found(waiting, error, told):
    x = torch.empty(3, device="meta", requires_grad=True)
    with pytest.raises(error, match=told) as raised, OnTheDeviceOnly():
        evaluation_of(lambda: {"waits": waiting(x).sum()}, x)()
    assert raised.type is error
