"""The networks of a run, on the device that its configuration asks for."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.dataset.config import Config

if TYPE_CHECKING:
    import torch

    from stages.features import Encoder
    from stages.segment.semantic import SemanticModel


class EncoderError(RuntimeError):
    """There is no encoder on the device that was asked for: no pair can be done."""


class Network:
    """The networks of a run: loaded when first asked for, then kept."""

    def __init__(
        self, config: Config, tell: Callable[[str], object] = lambda text: None, *, on_cpu: bool = False
    ) -> None:
        """config: which networks, on which device; tell: for what they say; on_cpu: there, whatever is asked for."""
        self._config, self._tell, self._on_cpu = config, tell, on_cpu

    @cached_property
    def encoder(self) -> "Encoder":
        """The encoder on the device that the configuration asks for.

        Raises:
            EncoderError: its weights or the device can't be had.
        """
        from pipeline.networks.package import WeightsError
        from pipeline.networks.weights import load_encoder_weights
        from stages.features import Encoder

        try:
            weights = load_encoder_weights(self._config.encoder)
        except WeightsError as error:
            raise EncoderError(str(error)) from error
        device = self._device
        self._tell(f"encoder: {weights.architecture} on {device}, from {weights.source}")
        return Encoder(weights.tensors, weights.architecture, device)

    @cached_property
    def semantic_model(self) -> "SemanticModel":
        """The network that knows what is in a photo, on that device.

        Raises:
            SemanticModelError: it can't be had.
            EncoderError: the device can't.
        """
        from pipeline.networks.semantic_model import load_semantic_model

        device, name = self._device, self._config.segment.model
        model = load_semantic_model(name, device)
        self._tell(f"semantic model: {name} on {device}")
        return model

    @cached_property
    def _device(self) -> "torch.device":
        from stages.features import best_device

        try:
            return best_device("cpu" if self._on_cpu else self._config.device)
        except RuntimeError as error:
            raise EncoderError(str(error)) from error
