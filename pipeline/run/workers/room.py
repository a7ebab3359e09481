"""How many processes this machine has room for."""

from collections.abc import Sequence

from pipeline.steps.step import WITH_NETWORK

FILL_A_GPU = 6
"""So many that optimise keep an H200 busy for 67 % of their time, 4 of them for 57 %, on 16 cores."""
CORES = 0.4
"""Share of the cores for those that optimise; they have less to do than those that smooth and score what they made."""
ON_GPU, ON_GPU_PER_PIXEL = 1_000_000_000, 4_000
"""Bytes of the GPU's memory that one takes: CUDA's own with the networks; and the one-stage method's activations, their
gradients and the Laplacian, by the pixels of a square of the working size. Reckoned with room to spare."""


def room_for(needs: Sequence[int], cores: int, memory: int) -> int:
    """How many processes are of use for tasks that need so much memory: one a core, as far as it goes; one at least."""
    return max(1, min(len(needs), cores, memory // max(1, *needs, 1)))


def optimisers_for(tasks: int, cores: int, memory: int, gpu_memory: int | None = None, size: int = 0) -> int:
    """How many processes are of use for so many tasks that optimise on a GPU; one at least.

    Half of the memory is left to the others. gpu_memory: what is free of the GPU's, bytes; None where that is not known
    yet. size: the working size, pixels.
    """
    most = min(FILL_A_GPU, int(CORES * cores))
    if gpu_memory is not None:
        most = min(most, gpu_memory // (ON_GPU + ON_GPU_PER_PIXEL * size**2))
    return room_for([WITH_NETWORK] * tasks, most, memory // 2)
