"""How much memory is free for this process: the machine's, or what the limit of its container leaves."""

from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
FILES = {"": ("memory.max", "memory.current"), "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes")}
"""By version of Linux's control groups, each with the folder that it has below the root: limit and usage."""


def free_memory() -> int:
    """Bytes that can be taken before the system or the container has no more; caches of files are given up for it."""
    return min([int(psutil.virtual_memory().available), *_left_in_groups()])


def _left_in_groups() -> Iterator[int]:
    """What each control group that this process is in still has to give; those without a limit say nothing."""
    for line in OWN.read_text().splitlines() if OWN.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controllers not in FILES:
            continue
        limit, usage = FILES[controllers]
        group = ROOT / controllers / path.lstrip("/")
        for place in (group, *group.parents):
            if not place.is_relative_to(ROOT / controllers):
                break
            try:
                most, used = int((place / limit).read_text()), int((place / usage).read_text())
                caches = dict(entry.split() for entry in (place / "memory.stat").read_text().splitlines())
            except (OSError, ValueError):  # not mounted here, or "max": no limit
                continue
            yield max(0, most - used + int(caches.get("inactive_file", 0)))
