"""The network that tells sky from water: UPerNet over ConvNeXt-T, trained on ADE20K, or another UPerNet in a folder.

Only safetensors are read, by transformers' own code: no pickle, nothing that comes with a model is run. The download is
pinned by its commit, its weights by their hash; what a folder holds is known by its hash.
"""

import hashlib
import json
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.events.errors import NetworkError
from pipeline.networks.downloading import check_reachable
from pipeline.settings.config import MODEL
from pipeline.store.files import read_file
from stages.segment.ade20k import groups_of

if TYPE_CHECKING:
    import torch

    from stages.segment.semantic import SemanticModel

"""On Hugging Face's hub, under the MIT licence."""
REVISION = "876ffc56b819a829448f7e81e9f8606deef6fb65"
WEIGHTS_SHA256 = "cd55b1d36c6602d34f8cd300d7f788ea0fa5c3ed928e9ac98f353ecb31c7fa1d"
MEGABYTES = 241

ARCHITECTURE, BACKBONES = "upernet", ("convnext", "swin")
CONFIGURATION, WEIGHTS = "config.json", "model.safetensors"
MOST_BYTES = 1_000_000
"""Of a configuration."""
NO_TRANSFORMERS = "needs transformers: pip install 'photostyle[segment]'"
WAYS_OUT = (
    f"let it be downloaded once, where there is a network ({MEGABYTES} MB), or give a folder with its {CONFIGURATION} "
    f"and {WEIGHTS} as --segment.model FOLDER; --masks auto finds regions without it"
)


def weights_sha256(model: str) -> str:
    """What its regions are known by; of the download known beforehand, so that it need not be there.

    Raises:
        NetworkError: there is no such folder, or no safetensors in it.
    """
    return WEIGHTS_SHA256 if model == MODEL else _sha256(_in_folder(model) / WEIGHTS)


def describe_model(model: str) -> dict[str, Any]:
    """For the manifest's record."""
    return {"model": model, "revision": REVISION} if model == MODEL else {"model": str(Path(model).absolute())}


def where_is_the_model() -> str:
    """One line on the pinned model: cached where, how it would be fetched, or what is missing."""
    if find_spec("transformers") is None:
        return NO_TRANSFORMERS
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(MODEL, WEIGHTS, revision=REVISION)
    if isinstance(cached, str):
        return f"{MODEL} cached at {cached}"
    return f"{MODEL} not cached; comes from Hugging Face ({MEGABYTES} MB) with the first --masks semantic"


def load_semantic_model(model: str, device: "torch.device") -> "SemanticModel":
    """The model on its device, from its folder, or for the pinned one from the hub's cache or fetched into it.

    Raises:
        NetworkError: it can't be had, is not what it should be, or the extra is missing.
    """
    try:
        import transformers
    except ImportError as error:
        raise NetworkError(f"--masks semantic {NO_TRANSFORMERS}; --masks auto finds regions without it") from error
    from stages.segment.semantic import SemanticModel

    folder = _downloaded() if model == MODEL else _in_folder(model)
    groups = _groups(folder)
    transformers.logging.set_verbosity_error()  # what it would only warn of is an error below
    transformers.logging.disable_progress_bar()
    try:
        network, told = transformers.UperNetForSemanticSegmentation.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except Exception as error:  # of transformers, safetensors or torch, whatever is wrong with the files
        raise NetworkError(f"{folder} can't be loaded: {error}") from error
    wrong = [key for key in told["missing_keys"] if not key.endswith("num_batches_tracked")]
    wrong += [key for key, *_ in told["mismatched_keys"]]
    if wrong:
        raise NetworkError(
            f"{folder / WEIGHTS} lacks {len(wrong)} of the network's tensors, or has them in another shape: "
            f"{min(wrong)}"
        )
    network.auxiliary_head = None  # which only serves training
    network.eval().float().requires_grad_(False).to(device)
    return SemanticModel(lambda image: network(pixel_values=image).logits, groups, device)


def _in_folder(model: str) -> Path:
    folder = Path(model)
    if not folder.is_dir():
        raise NetworkError(f"there is no folder {model}: --segment.model is a folder with a model, or {MODEL}")
    for name in (CONFIGURATION, WEIGHTS):
        if not (folder / name).is_file():
            other = sorted(path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".ckpt"))
            pickled = f"; {other[0]} is a pickle, which could run code, and is not read" if other else ""
            raise NetworkError(f"{folder} holds no {name}{pickled}")
    return folder


def _downloaded() -> Path:
    """The folder of the pinned model in the hub's cache."""
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    fetches = [partial(hf_hub_download, MODEL, name, revision=REVISION) for name in (CONFIGURATION, WEIGHTS)]
    try:
        try:
            paths = [fetch(local_files_only=True) for fetch in fetches]
        except LocalEntryNotFoundError:
            if not constants.HF_HUB_OFFLINE:
                check_reachable(constants.ENDPOINT)
            paths = [fetch() for fetch in fetches]
    except Exception as error:  # the network's, the hub's and the disk's alike
        raise NetworkError(f"{MODEL} can't be had: {error}\n  The ways out: {WAYS_OUT}") from error
    weights = Path(paths[-1])
    found = _sha256(weights)
    if found != WEIGHTS_SHA256:
        raise NetworkError(f"{weights}: sha256 is {found}, expected {WEIGHTS_SHA256}: not used; delete it")
    return weights.parent


def _groups(folder: Path) -> tuple[int, ...]:
    """The groups of a model's classes, by what its configuration says.

    Raises:
        NetworkError: it is of another architecture, or its classes are not ADE20K's.
    """
    try:
        said = json.loads(read_file(folder / CONFIGURATION, MOST_BYTES))
        names = said["id2label"]
        kind, backbone = said["model_type"], (said["backbone_config"] or {})["model_type"]
        classes = [str(names[str(number)]) for number in range(len(names))]
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        raise NetworkError(f"{folder / CONFIGURATION} describes no UPerNet: {error!r}") from error
    if kind != ARCHITECTURE or backbone not in BACKBONES:
        raise NetworkError(
            f"{folder} holds a model of type {kind} over {backbone}: "
            f"it has to be {ARCHITECTURE} over {' or '.join(BACKBONES)}"
        )
    try:
        return groups_of(classes)
    except ValueError as error:
        raise NetworkError(f"{folder} holds no model of ADE20K: {error}") from error


def _sha256(path: Path) -> str:
    look = path.stat()
    return _sha256_of(path, look.st_size, look.st_mtime_ns, look.st_ino)


@lru_cache(1)
def _sha256_of(path: Path, *stamp: int) -> str:
    """Asked for each pair of a dataset, and known for as long as the file is untouched."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
