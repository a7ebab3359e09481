"""Which device the tensors live on."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Literal

import torch

DeviceName = Literal["auto", "cuda", "mps", "cpu"]


def best_device(name: DeviceName = "auto") -> torch.device:
    """The device of that name; "auto" is cuda where it works, otherwise the CPU.

    MPS is never chosen unasked: there, PyTorch lacks the guides' means over cells that don't divide the image (its
    issue 96056), and the sparse matrices of the one-stage method.

    Raises:
        RuntimeError: the named device is not there, or can't be used; the message says why, and what to do.
    """
    has: dict[str, Callable[[], bool]] = {  # asked of none without need: to try CUDA takes some of the GPU's memory
        "cuda": lambda: not cuda_fault(),
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if name == "auto":
        return torch.device("cuda" if has["cuda"]() else "cpu")
    if not has[name]():
        why = f" ({cuda_fault()})" if name == "cuda" else ""
        there = " and ".join(device for device, present in has.items() if present())
        raise RuntimeError(f"device {name} is not available here{why}; this machine has {there}")
    return torch.device(name)


NO_GPU = "there is no GPU"


@cache
def cuda_fault() -> str:
    """Why CUDA can't compute in this process, with what to do about it; "" where it can. Found out once, by trying."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        present = torch.cuda.is_available()
    if not present:
        if torch.version.cuda is None:
            return "this PyTorch is built without CUDA"
        return _of_driver(" ".join(str(warning.message) for warning in told))
    try:
        torch.zeros(1, device="cuda")
    except RuntimeError as error:
        return _of_use(str(error))
    return ""


def _of_driver(text: str) -> str:
    if "too old" in text:
        return (
            f"its driver is too old for this PyTorch, which is built for CUDA {torch.version.cuda}: "
            "update the driver, or install a PyTorch for an older CUDA from https://pytorch.org"
        )
    return text.partition("\n")[0] or NO_GPU


def _of_use(text: str) -> str:
    if "busy or unavailable" in text:
        return (
            "another process has it for itself: wait for that one, or let several share it by `nvidia-smi -c DEFAULT`"
        )
    if "out of memory" in text:
        return "its memory is full, of other processes' data: `nvidia-smi` lists them"
    return text.partition("\n")[0]


SIGNS_OF_FULL_MEMORY = (
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # its handle is made at first use
    "CUDNN_STATUS_ALLOC",
    "CUSPARSE_STATUS_ALLOC_FAILED",
    "CUSPARSE_STATUS_INSUFFICIENT_RESOURCES",
)


def is_memory_full(error: RuntimeError) -> bool:
    """Whether an error says that the GPU's memory is full: PyTorch's own, or one of the driver's or a library's."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in SIGNS_OF_FULL_MEMORY)


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the convolutions run in: bfloat16 where the hardware multiplies it faster, otherwise float32.

    The losses and the parameters stay float32. On the one pair tried, on a CPU, stage one ended within 1 % of the same
    style loss.
    """
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32
