"""One evaluation of the losses and of their gradient, during which the host never waits for the device.

A GPU computes an evaluation faster than Python can launch its kernels one by one. So there it is recorded once, as a
CUDA graph, and then replayed as one launch. The optimiser stays outside.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

Losses = Callable[[], dict[str, Tensor]]
"""The weighted losses at the present parameter, by name. All shapes are fixed, and nothing waits for the device."""
OnNote = Callable[[str], None]


class Evaluated(NamedTuple):
    """The losses, on the device; the next evaluation may write over them."""

    names: tuple[str, ...]
    values: Tensor
    """(len(names),)."""
    gradient: Tensor
    """Of their sum, contiguous."""


Evaluation = Callable[[], Evaluated]


def evaluation_of(losses: Losses, parameter: Tensor, on_note: OnNote | None = None) -> Evaluation:
    """How to evaluate the losses on the device of the parameter.

    Args:
        losses: see `Losses`.
        parameter: a leaf that requires gradients, and that stays where it is in memory.
        on_note: told if a GPU can't replay this evaluation, and so does it kernel by kernel.

    Raises:
        OutOfMemoryError: the GPU has not the memory for one evaluation.
    """

    def compute() -> Evaluated:
        parts = losses()
        values = torch.stack(list(parts.values()))
        (gradient,) = torch.autograd.grad(values.sum(), parameter)
        return Evaluated(tuple(parts), values.detach(), gradient.contiguous())

    if parameter.device.type == "cuda":
        with _beside(torch.cuda.current_stream()):
            compute()  # cuDNN and cuBLAS set themselves up, which can't be recorded
        try:
            return _Replayed(compute)
        except RuntimeError as error:
            if on_note:
                reason = str(error.__context__ or error).partition("\n")[0]
                on_note(f"the GPU can't replay an evaluation ({reason}): slower, kernel by kernel")
    return compute


class _Replayed:
    """Recorded when it is made; each call replays it, into the same memory.

    Raises:
        RuntimeError: something in it can't be recorded.
    """

    def __init__(self, compute: Evaluation) -> None:
        self._compute = compute  # whose tensors the graph reads
        here = torch.cuda.current_stream()
        with _beside(here), _waiting_forbidden():
            compute()  # a recording that fails leaves PyTorch's allocator in disorder (its issue 180395): rather here
        self._graph = torch.cuda.CUDAGraph()
        # A recording that fails leaves its own stream the current one: the outer block goes back to this one.
        with torch.cuda.stream(here), torch.cuda.graph(self._graph, stream=_aside()):
            self._evaluated = compute()

    def __call__(self) -> Evaluated:
        self._graph.replay()
        return self._evaluated


@cache
def _aside() -> torch.cuda.Stream:
    """The one stream to record from: cuBLAS keeps a workspace for each stream that it has seen."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


@contextmanager
def _beside(here: torch.cuda.Stream) -> Iterator[None]:
    """What is computed in this block goes to the stream to record from, in its order among what is computed here."""
    _aside().wait_stream(here)
    with torch.cuda.stream(_aside()):
        yield
    here.wait_stream(_aside())


@contextmanager
def _waiting_forbidden() -> Iterator[None]:
    """In this block, an operation that has the host wait for the GPU raises a RuntimeError."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
