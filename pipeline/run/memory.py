"""How much memory a process has taken."""

import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """The most memory that this process has held at once, so far; bytes, its libraries included.

    Linux counts it for each program. Elsewhere it is getrusage's, which begins with the peak of the process that
    started this one.
    """
    if STATUS.exists() and (counted := re.search(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text("utf-8"), re.MULTILINE)):
        return 1024 * int(counted[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
