import pytest
import torch

from stages.features import Encoder
from stages.features.encoder import layer_names


def test_agrees_with_torchvision(encoder):
    from torchvision.models import vgg16
    from torchvision.transforms.functional import normalize

    theirs = vgg16(weights=None).features.eval()
    convolutions = [module for module in theirs if isinstance(module, torch.nn.Conv2d)]
    names = [name for name in layer_names("vgg16") if name.startswith("conv")]
    for module, name in zip(convolutions, names, strict=True):
        module.weight.data = encoder.get_buffer(f"{name}_weight")
        module.bias.data = encoder.get_buffer(f"{name}_bias")
    image = torch.rand(1, 3, 45, 64, generator=torch.Generator().manual_seed(0))
    x = normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    ours = encoder(image, encoder.layers)
    for name, module in zip(layer_names("vgg16"), theirs, strict=True):
        x = module(x)
        torch.testing.assert_close(
            ours[name], x.clone(), rtol=1e-4, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_stops_at_the_deepest_layer_asked_for(encoder, monkeypatch):
    calls = []
    convolve = torch.nn.functional.conv2d
    monkeypatch.setattr(torch.nn.functional, "conv2d", lambda *a, **k: calls.append(1) or convolve(*a, **k))
    assert set(encoder(torch.rand(1, 3, 32, 32), ["relu2_1", "relu1_1"])) == {"relu1_1", "relu2_1"}
    assert len(calls) == 3


def test_an_unknown_layer_is_refused(encoder):
    with pytest.raises(KeyError, match="vgg16 has no layer \\['relu6_1'\\]"):
        encoder(torch.rand(1, 3, 32, 32), ["relu6_1"])


def test_missing_weights_are_refused():
    with pytest.raises(KeyError, match=r"conv1_1\.weight"):
        Encoder({}, "vgg19")


def test_vgg19_has_sixteen_convolutions():
    assert sum(name.startswith("conv") for name in layer_names("vgg19")) == 16


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 3e-2)])
def test_made_ready_it_says_the_same_and_is_made_so_once(encoder, dtype, tolerance, images):
    image = torch.rand(images, 3, 45, 64, generator=torch.Generator().manual_seed(0))
    ready = encoder.ready_for_many(dtype)
    assert encoder.ready_for_many(dtype) is ready
    layers = ["relu1_2", "relu3_1", "relu5_1"]
    for name, activations in ready(image, layers).items():
        expected = encoder(image, layers)[name]
        assert activations.dtype == dtype
        assert ((activations.float() - expected).norm() / expected.norm()).item() < tolerance, name


def test_what_is_wanted_is_not_written_over(encoder):
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    activations = encoder(image, ["conv1_1", "relu1_1"])
    assert activations["conv1_1"].min() < 0
    torch.testing.assert_close(activations["conv1_1"].relu(), activations["relu1_1"])
