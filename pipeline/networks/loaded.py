"""The networks of a run, on the device that its configuration asks for."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pipeline.events.errors import CrowdedGpuError, NetworkError
from pipeline.settings.config import Config

if TYPE_CHECKING:
    import torch

    from stages.features import Encoder
    from stages.segment.semantic import SemanticModel

T = TypeVar("T")


class Network:
    """The networks of a run: loaded when first asked for, then kept."""

    def __init__(
        self, config: Config, tell: Callable[[str], object] = lambda text: None, *, on_cpu: bool = False
    ) -> None:
        """config: which networks, on which device; tell: for what they say; on_cpu: there, whatever is asked for."""
        self._config, self._tell, self._on_cpu = config, tell, on_cpu
        self.alone = True
        """Whether no other process of this machine's pool computes on its GPU."""

    @cached_property
    def encoder(self) -> "Encoder":
        """The encoder on the device that the configuration asks for.

        Raises:
            NetworkError: its weights or the device can't be had.
        """
        return self._load(self.device)

    def compute(
        self, make: "Callable[[Encoder], T]", tell: Callable[[str], object] = lambda text: None
    ) -> "tuple[T, Encoder]":
        """What is made with the encoder, and the encoder that it was made with: on the CPU, if a GPU's memory is full.

        Args:
            make: makes it, on the device of the encoder.
            tell: told when memory is full, and what is done about it.

        Raises:
            NetworkError: the encoder can't be had.
            CrowdedGpuError: memory is full, and others of ours have some of it.
        """
        from stages.features.device import is_memory_full

        for remedy in ("once more, with all of ours emptied", "on the CPU, which is slower"):
            try:
                return make(self.encoder), self.encoder
            except RuntimeError as error:
                if not is_memory_full(error):
                    raise
                if not self.alone:
                    raise CrowdedGpuError("its memory is full") from error
                tell(f"the GPU's memory is full: {remedy}")
            _empty_cache()  # only here, where no exception holds what was computed
        with _all_cores():
            return make(self._encoder_on_cpu), self._encoder_on_cpu

    @cached_property
    def _encoder_on_cpu(self) -> "Encoder":
        return self._load("cpu")

    def _load(self, device: "torch.device | str") -> "Encoder":
        from pipeline.networks.weights import load_encoder_weights
        from stages.features import Encoder

        weights = load_encoder_weights(self._config.encoder)
        self._tell(f"encoder: {weights.architecture} on {device}, from {weights.source}")
        return Encoder(weights.tensors, weights.architecture, device)

    @cached_property
    def semantic_model(self) -> "SemanticModel":
        """The network that knows what is in a photo, on that device.

        Raises:
            NetworkError: it can't be had, or the device can't.
        """
        from pipeline.networks.semantic_model import load_semantic_model

        device, name = self.device, self._config.segment.model
        model = load_semantic_model(name, device)
        self._tell(f"semantic model: {name} on {device}")
        return model

    @cached_property
    def device(self) -> "torch.device":
        """Where it computes.

        Raises:
            NetworkError: it can't be had.
        """
        from stages.features.device import NO_GPU, best_device, cuda_fault

        wanted = "cpu" if self._on_cpu else self._config.device
        if wanted == "auto" and cuda_fault() not in ("", NO_GPU):
            self._tell(f"note: the GPU is not used: {cuda_fault()}")
        try:
            return best_device(wanted)
        except RuntimeError as error:
            raise NetworkError(str(error)) from error

    @property
    def gpu_memory(self) -> int | None:
        """Bytes of its GPU that nobody has taken; None where it computes elsewhere.

        Raises:
            NetworkError: its device can't be had.
        """
        import torch

        return torch.cuda.mem_get_info(self.device)[0] if self.device.type == "cuda" else None


class Networks:
    """The networks of a process: those of the GPU's tasks on the device that is asked for, all others' on the CPU."""

    def __init__(self, config: Config, tell: Callable[[str], object] = lambda text: None) -> None:
        on_gpu = Network(config, tell)
        self._of = {True: on_gpu, False: on_gpu if config.device == "cpu" else Network(config, tell, on_cpu=True)}

    def of(self, on_gpu: bool) -> Network:
        """For a task of the GPU's, or another."""
        return self._of[on_gpu]


@contextmanager
def _all_cores() -> Iterator[None]:
    """Beside a GPU, torch may have one thread here: in this block it has all that this process may run on."""
    import torch

    before = torch.get_num_threads()
    if before == 1:
        torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _empty_cache() -> None:
    import gc

    import torch

    gc.collect()
    torch.cuda.empty_cache()
