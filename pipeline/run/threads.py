"""In how many threads a process computes that shares the cores with others."""

import os
import sys


def limit_threads(threads: int) -> None:
    """So many for numba, whose results are the same on any number; for torch and BLAS, whose are not, one."""
    import numba
    from threadpoolctl import threadpool_limits

    os.environ["OMP_NUM_THREADS"] = "1"  # for libraries that are loaded later
    numba.set_num_threads(min(threads, numba.get_num_threads()))
    threadpool_limits(1)  # of those that are here: numba has just set OpenMP, which torch will take too, to all cores
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
