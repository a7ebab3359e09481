"""One evaluation of the losses and of their gradient, after which the host waits for the device once.

A GPU computes an evaluation faster than Python can launch its kernels one by one. So there it is recorded once, as a
CUDA graph, and then replayed as one launch. The optimiser stays outside.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Losses = Callable[[], dict[str, Tensor]]
"""The weighted losses at the present parameters, by name. All shapes are fixed, and nothing waits for the device."""
Evaluation = Callable[[], dict[str, float]]
"""Leaves the gradients of the sum in the parameters' `grad`, and gives the losses by name."""
OnNote = Callable[[str], None]


def evaluation_of(losses: Losses, parameters: Sequence[Tensor], on_note: OnNote | None = None) -> Evaluation:
    """How to evaluate the losses on the device of the parameters.

    Args:
        losses: see `Losses`.
        parameters: leaf tensors that require gradients, and that stay where they are in memory.
        on_note: told if a GPU can't replay this evaluation, and so does it kernel by kernel.
    """
    if parameters[0].device.type == "cuda":
        try:
            return _Replayed(losses, parameters)
        except RuntimeError as error:
            if on_note:
                reason = str(error).partition("\n")[0]
                on_note(f"the GPU can't replay an evaluation ({reason}): slower, kernel by kernel")
    return _Plain(losses, parameters)


class _Plain:
    """Computed anew each time."""

    def __init__(self, losses: Losses, parameters: Sequence[Tensor]) -> None:
        self._losses, self._parameters = losses, parameters

    def __call__(self) -> dict[str, float]:
        names, values, gradients = _compute(self._losses, self._parameters)
        _leave(gradients, self._parameters)
        return dict(zip(names, values.tolist(), strict=True))


class _Replayed:
    """Recorded when it is made; each call replays it, into the same memory.

    Raises:
        RuntimeError: something in it can't be recorded.
    """

    def __init__(self, losses: Losses, parameters: Sequence[Tensor]) -> None:
        self._losses, self._parameters = losses, parameters  # whose memory the graph reads
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            _compute(losses, parameters)  # cuDNN and cuBLAS set themselves up, which can't be recorded
        here.wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        # A recording that fails leaves its own stream the current one: the outer block goes back to this one.
        with torch.cuda.stream(here), torch.cuda.graph(self._graph, stream=aside):
            self._names, self._values, self._gradients = _compute(losses, parameters)

    def __call__(self) -> dict[str, float]:
        self._graph.replay()
        _leave(self._gradients, self._parameters)
        return dict(zip(self._names, self._values.tolist(), strict=True))


def _compute(losses: Losses, parameters: Sequence[Tensor]) -> tuple[list[str], Tensor, list[Tensor]]:
    """Names, values and, by parameter, gradients of their sum."""
    parts = losses()
    values = torch.stack(list(parts.values()))
    gradients = torch.autograd.grad(values.sum(), parameters)
    return list(parts), values.detach(), [gradient.contiguous() for gradient in gradients]


def _leave(gradients: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
    for gradient, parameter in zip(gradients, parameters, strict=True):
        parameter.grad = gradient
