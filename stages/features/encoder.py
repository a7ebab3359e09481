"""VGG as an encoder: an image to its activations by layer name (Simonyan and Zisserman 2014; Gatys et al. 2016)."""

from collections.abc import Collection, Mapping
from copy import copy
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from stages.features.winograd import LEAST, Filters, convolve, transform

Architecture = Literal["vgg16", "vgg19"]

CONVOLUTIONS: dict[Architecture, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions before each pooling."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def layer_names(architecture: Architecture) -> list[str]:
    """Names of all layers in order: conv1_1, relu1_1, conv1_2, ..., pool5."""
    names = []
    for block, count in enumerate(CONVOLUTIONS[architecture], start=1):
        for index in range(1, count + 1):
            names += [f"conv{block}_{index}", f"relu{block}_{index}"]
        names.append(f"pool{block}")
    return names


class Encoder(nn.Module):
    """The convolutional part of VGG-16 or VGG-19, frozen.

    Weights and activations have their channels last in memory: convolutions and products of activations then read
    them in order.

    Args:
        weights: "conv1_1.weight" (out, in, 3, 3) and "conv1_1.bias" (out,), ..., float32.
        architecture: "vgg16" or "vgg19".
        device: where it computes.

    Raises:
        KeyError: a convolution of the architecture has no weights.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        weights: Mapping[str, npt.NDArray[np.float32]],
        architecture: Architecture,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.layers = layer_names(architecture)
        self._ready: dict[torch.dtype, Self] = {}
        self._filters: dict[str, Filters] | None = None
        for name in self.layers:
            if name.startswith("conv"):
                weight = torch.tensor(np.asarray(weights[f"{name}.weight"]))
                self.register_buffer(f"{name}_weight", weight.contiguous(memory_format=torch.channels_last))
                self.register_buffer(f"{name}_bias", torch.tensor(np.asarray(weights[f"{name}.bias"])))
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.to(device)

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.mean.device

    def ready_for_many(self, dtype: torch.dtype) -> Self:
        """This encoder made ready for many evaluations of one image in that precision: at the first call, then kept.

        Its weights are cast; for float32 on a CPU, its filters are transformed instead, which halves the arithmetic.
        """
        if dtype not in self._ready:
            ready = copy(self)
            if dtype != torch.float32:
                cast = {name: value.to(dtype) for name, value in self.named_buffers() if name.startswith("conv")}
                ready._buffers = {**self._buffers, **cast}
            elif self.device.type == "cpu":
                ready._filters = {}
            self._ready[dtype] = ready
        return self._ready[dtype]

    def forward(self, image: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Activations of the wanted layers.

        Args:
            image: (N, 3, H, W) float32, sRGB in [0, 1], on the encoder's device.
            wanted: layer names; nothing beyond the deepest of them is computed.

        Returns:
            name to (N, C, h, w) of the convolutions' dtype, h = H / 2^(poolings before the layer), rounded down.

        Raises:
            KeyError: a name is not a layer of this architecture.
        """
        if unknown := set(wanted) - set(self.layers):
            raise KeyError(f"{self.architecture} has no layer {sorted(unknown)}; it has {self.layers}")
        x = ((image - self.mean) / self.std).to(self.get_buffer("conv1_1_weight").dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        activations: dict[str, Tensor] = {}
        for name in self.layers:
            if name.startswith("conv"):
                x = self._convolve(name, x)
            elif name.startswith("relu"):
                x = functional.relu(x, inplace=name.replace("relu", "conv") not in wanted)
            else:
                x = functional.max_pool2d(x, 2)
            if name in wanted:
                activations[name] = x
                if len(activations) == len(set(wanted)):
                    break
        return activations

    def _convolve(self, name: str, x: Tensor) -> Tensor:
        if self._filters is not None and len(x) == 1 and x.numel() > LEAST and name != "conv1_1":
            if name not in self._filters:
                self._filters[name] = transform(*self._weights_of(name))
            return convolve(x, self._filters[name])
        return functional.conv2d(x, *self._weights_of(name), padding=1)

    def _weights_of(self, name: str) -> tuple[Tensor, Tensor]:
        return self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
