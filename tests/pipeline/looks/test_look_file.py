from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from pipeline.looks.look_file import Look, LookError, encode_look, read_look
from stages.look.table import identity

HEAD = {"format": "photostyle look", "version": "1", "record": "{}"}


def test_round_trip(tmp_path: Path) -> None:
    look = Look((identity(9) ** 2).astype(np.float32), {"styles": {"dusk.jpg": 0.3}})
    path = tmp_path / "evening.look"
    path.write_bytes(encode_look(look))
    read = read_look(path)
    np.testing.assert_array_equal(read.table, look.table)
    assert read.record == look.record
    assert read.digest() == look.digest()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no look, or damaged"),
        (b"\x08\0\0\0\0\0\0\0{", "is no look, or damaged"),
        (b"\xff" * 100, "is no look, or damaged"),
        (save({"table": identity(5)}), "is no look"),
        (save({"other": identity(5)}, HEAD), "is no look"),
        (save({"table": identity(5)}, HEAD | {"version": "2"}), "version '2'"),
        (save({"table": identity(5)[..., :2].copy()}, HEAD), "shape"),
        (save({"table": identity(5).astype(np.float64)}, HEAD), "float64"),
        (save({"table": identity(5)[:3].copy()}, HEAD), "shape"),
        (save({"table": np.float32(1)[None][0:0].reshape(0, 0, 0, 3)}, HEAD), "shape"),
        (save({"table": identity(5) * 2}, HEAD), "what is no colour"),
        (save({"table": np.full((5, 5, 5, 3), np.nan, np.float32)}, HEAD), "what is no colour"),
    ],
)
def test_what_is_no_look_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "x.look"
    path.write_bytes(data)
    with pytest.raises(LookError, match=said) as refused:
        read_look(path)
    assert str(path) in str(refused.value)
    assert "photostyle look make" in str(refused.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.look", tmp_path):
        with pytest.raises(LookError, match=r"there is no such file|is no look"):
            read_look(path)


def test_a_record_that_can_t_be_read_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "x.look"
    path.write_bytes(save({"table": identity(5)}, HEAD | {"record": "[1"}))
    assert read_look(path).record == {}


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    data, path = encode_look(Look(identity(3), {})), tmp_path / "x.look"
    for length in range(0, len(data), 37):
        path.write_bytes(data[:length])
        with pytest.raises(LookError):
            read_look(path)
