"""The lock on a folder of results, between processes, and hashes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.store.files import LockedError, hash_array, lock, read_file

HOLD = """
import sys, time
from pathlib import Path
from pipeline.store.files import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_results(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LockedError, match=f"process {holder.pid} on .*: wait for it, or give --results"),
            lock(tmp_path),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with lock(tmp_path):  # a killed holder holds nothing
        pass


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_by_its_name_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.jpg")
    with pytest.raises(OSError, match=r"Is a directory|no regular file") as raised:
        read_file(tmp_path / "x.jpg")
    assert str(raised.value.filename) == str(tmp_path / "x.jpg")


def test_hashes_tell_type_shape_and_values_apart_and_not_memory_order() -> None:
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert hash_array(a) == hash_array(np.asfortranarray(a))
    others = [a.astype(np.float64), a.reshape(3, 2), a + 1]
    assert len({hash_array(array) for array in [a, *others]}) == 4
