"""What the machine has that matters here: device, BLAS, SuiteSparse, threads, memory, weights, the semantic model."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from stages.free_memory import free_memory

MEND = "!"
"""With which a line starts that says what to mend."""


def examine_machine() -> list[str]:
    """One line for each thing found or to be mended."""
    lines = dict[str, None]()  # what is missing may be missed twice
    for look in (_device, _sparse, _threads, _memory, _weights, _semantic_model):
        try:
            lines |= dict.fromkeys(look())
        except ImportError as error:
            lines[f"{MEND} {error}: call `make` again: it installs what is missing, or says how"] = None
    return list(lines)


def to_mend(lines: Sequence[str]) -> int:
    """How many of these things have to be mended."""
    return sum(line.startswith(MEND) for line in lines)


def verdict(lines: Sequence[str]) -> str:
    """What it comes to, in a sentence."""
    from pipeline.networks.weights import some_are_cached

    if count := to_mend(lines):
        return f"To be mended: what the {f'{count} lines' if count > 1 else 'line'} with {MEND} above says."
    fetch = "" if some_are_cached() else "; the first run fetches the weights, or `photostyle weights --fetch` does now"
    return f"All that photostyle needs is here{fetch}."


def _device() -> list[str]:
    import torch

    from stages.features import best_device
    from stages.features.device import NO_GPU, cuda_fault

    device = best_device("auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    lines = [f"device        {name} (torch {torch.__version__})"]
    if cuda_fault() not in ("", NO_GPU):
        lines.append(f"{MEND} the GPU is not used: {cuda_fault()}")
    return lines


def _sparse() -> list[str]:
    """What CHOLMOD was built against and which BLAS the loader gave it, from the files mapped into this process."""
    import sksparse.cholmod  # noqa: F401  loads CHOLMOD and, with it, its BLAS

    mapped = {Path(region.path) for region in psutil.Process().memory_maps()} if _maps_are_known() else set()
    system = {path for path in mapped if "site-packages" not in path.parts}  # numpy and scipy carry their own BLAS
    lines = [f"CHOLMOD       scikit-sparse {version('scikit-sparse')}, {_first(mapped, 'libcholmod')}"]
    blas = _first(system, "libopenblas", "libmkl", "libblis", "libblas")
    lines.append(f"its BLAS      {blas}")
    if "/blas/" in blas:
        slow = "this is the reference BLAS, which makes stage two 3 times slower"
        lines.append(f"{MEND} {slow}: install libopenblas0-pthread")
    return lines


def _maps_are_known() -> bool:
    return hasattr(psutil.Process, "memory_maps")


def _first(paths: set[Path], *prefixes: str) -> str:
    for prefix in prefixes:
        for path in sorted(paths):
            if path.name.startswith(prefix):
                return str(path.resolve())
    return "not told by this system"


def _threads() -> list[str]:
    import numba
    import torch

    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    told = ", ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)
    line = f"threads       {os.cpu_count()} cores; torch {torch.get_num_threads()}, numba {numba.get_num_threads()}"
    return [f"{line}{f'; {told}' if told else ''}"]


def _memory() -> list[str]:
    total = psutil.virtual_memory().total
    return [f"memory        {free_memory() / 2**30:.1f} GiB free of {total / 2**30:.1f} GiB"]


def _weights() -> list[str]:
    from pipeline.networks.weights import describe_weights

    return [f"weights       {line}" for line in describe_weights()]


def _semantic_model() -> list[str]:
    from pipeline.networks.semantic_model import where_is_the_model

    return [f"semantic      {where_is_the_model()}"]
