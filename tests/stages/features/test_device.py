"""Faults of a GPU that no machine has at will: what PyTorch says of them, and what is made of it."""

import warnings

import pytest
import torch

from stages.features import best_device
from stages.features.device import NO_GPU, cuda_fault

TOO_OLD = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). Please update ..."
BUSY = "CUDA error: CUDA-capable device(s) is/are busy or unavailable\nSearch for `cudaErrorDevicesUnavailable' in ..."


@pytest.fixture(autouse=True)
def found_out_anew():
    cuda_fault.cache_clear()
    yield
    cuda_fault.cache_clear()


def without_gpu(warning=""):
    def is_available():
        if warning:
            warnings.warn(warning, stacklevel=2)
        return False

    return is_available


@pytest.mark.parametrize(
    ("warning", "said"),
    [("", NO_GPU), (TOO_OLD, "driver is too old for this PyTorch"), ("Something else.", "Something")],
)
def test_a_gpu_that_cuda_does_not_see(monkeypatch, warning, said):
    monkeypatch.setattr(torch.cuda, "is_available", without_gpu(warning))
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert best_device("auto") == torch.device("cpu")
    with pytest.raises(
        RuntimeError, match=rf"device cuda is not available here \(.*{said}.*\); this machine has .*cpu"
    ):
        best_device("cuda")


@pytest.mark.parametrize(
    ("error", "said"), [(BUSY, "nvidia-smi -c DEFAULT"), ("CUDA error: out of memory", "its memory is full")]
)
def test_a_gpu_that_others_use(monkeypatch, error, said):
    def refuse(*args, **kwargs):
        raise RuntimeError(error)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "zeros", refuse)
    assert said in cuda_fault()
    assert best_device("auto") == torch.device("cpu")


def test_a_pytorch_without_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", without_gpu())
    monkeypatch.setattr(torch.version, "cuda", None)
    assert cuda_fault() == "this PyTorch is built without CUDA"


def test_mps_has_to_be_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", without_gpu())
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert best_device("auto") == torch.device("cpu")
    assert best_device("mps") == torch.device("mps")
