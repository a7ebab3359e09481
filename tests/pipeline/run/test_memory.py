import subprocess
import sys

import pytest

from pipeline.run.memory import STATUS

if not STATUS.exists():
    pytest.skip("counted for each program on Linux only", allow_module_level=True)

MEASURE = "from pipeline.run.memory import peak_memory; print(peak_memory())"
LARGE = 300_000_000


def test_what_was_held_counts_after_it_is_gone_but_not_for_a_process_that_is_started():
    script = f"""
import subprocess, sys
held = b"." * {LARGE}
del held
{MEASURE}
subprocess.run([sys.executable, "-c", {MEASURE!r}], check=True)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    peaks = sorted(map(int, result.stdout.split()))
    assert peaks[0] < LARGE < peaks[1] < 2 * LARGE
