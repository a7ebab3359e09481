"""How many cores this process may use: those that it may run on, and no more than its container's share of time."""

import os
from collections.abc import Iterator

from stages import free_memory


def available_cores() -> int:
    """One at least. Of Linux's control groups, the second version is asked."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([own, *_shares()])))


def _shares() -> Iterator[float]:
    """Of time, in cores, that each control group of this process may have; those without a limit say nothing."""
    root, own = free_memory.ROOT, free_memory.OWN
    for line in own.read_text().splitlines() if own.exists() else ():
        _, controllers, path = line.split(":", 2)
        group = root / path.lstrip("/")
        for place in (group, *group.parents) if not controllers else ():
            if not place.is_relative_to(root):
                break
            try:
                quota, period = map(int, (place / "cpu.max").read_text().split())
            except (OSError, ValueError):  # not mounted here, or "max": no limit
                continue
            yield quota / period
