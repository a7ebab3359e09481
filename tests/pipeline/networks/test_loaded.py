"""The encoder where a GPU's memory is full. No machine has that at will, so the error is raised here."""

import os

import pytest
import torch

from pipeline.events.errors import CrowdedGpuError
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("vgg16")
@pytest.mark.parametrize("full", [0, 1, 2])
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_full_memory_is_emptied_and_then_left_for_all_cores_of_the_cpu(full, error, one_thread):
    used, told, threads = [], [], []

    def make(encoder):
        used.append(encoder)
        threads.append(torch.get_num_threads())
        if len(used) <= full:
            raise error
        return "made"

    network = Network(Config(encoder="vgg16", device="cpu"))
    made, encoder = network.compute(make, told.append)
    assert made == "made"
    assert encoder is used[-1]
    assert used[:2] == [network.encoder] * min(full + 1, 2)
    assert (used[-1] is network.encoder) == (full < 2)
    assert used[-1].device.type == "cpu"
    assert threads == [1, 1, len(os.sched_getaffinity(0))][: full + 1]
    assert torch.get_num_threads() == 1
    assert [line.partition(":")[0] for line in told] == ["the GPU's memory is full"] * full


@pytest.mark.usefixtures("vgg16")
def test_where_others_of_ours_have_the_memory_it_is_not_waited_for_here():
    network = Network(Config(encoder="vgg16", device="cpu"))
    network.alone = False
    tried = []

    def make(encoder):
        tried.append(encoder)
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with pytest.raises(CrowdedGpuError, match="memory is full"):
        network.compute(make)
    assert len(tried) == 1


@pytest.mark.usefixtures("vgg16")
def test_another_error_is_no_matter_of_memory():
    def make(encoder):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal"):
        Network(Config(encoder="vgg16", device="cpu")).compute(make)
