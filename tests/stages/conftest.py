from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch

from pipeline.networks.weights import load_encoder_weights
from stages.features import Encoder, best_device


@pytest.fixture(scope="session")
def encoder_on() -> Callable[[torch.device], Encoder]:
    """The encoder on a device, loaded once for each."""

    @cache
    def load(device: torch.device) -> Encoder:
        weights = load_encoder_weights("vgg16")
        return Encoder(weights.tensors, weights.architecture, device)

    return load


@pytest.fixture(scope="session")
def encoder(encoder_on: Callable[[torch.device], Encoder]) -> Encoder:
    return encoder_on(torch.device("cpu"))


@pytest.fixture(params=["cpu", "cuda", "mps"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Each device that this machine has."""
    try:
        return best_device(request.param)
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture
def exact_device(device: torch.device) -> torch.device:
    """Each that has float64."""
    if device.type == "mps":
        pytest.skip("MPS has no float64")
    return device


@pytest.fixture(autouse=True)
def one_thread():
    """The tensors are tiny: more threads only get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def photo() -> np.ndarray:
    """A smooth picture with an edge and some texture, (48, 64, 3) float32."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:48, 0:64] / 64
    plain = np.stack([0.2 + 0.5 * x, 0.6 - 0.4 * y, 0.3 + 0.3 * x * y], axis=-1)
    plain[20:, 24:] *= 0.5
    return np.clip(plain + 0.05 * rng.standard_normal(plain.shape), 0, 1).astype(np.float32)
