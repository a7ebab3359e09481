import os
from pathlib import Path

import pytest

from pipeline.run.workers.cores import available_cores
from stages import free_memory


@pytest.mark.parametrize(
    ("of_the_group", "of_its_parent", "cores"),
    [("max 100000", "max 100000", 64), ("250000 100000", "max 100000", 2), ("max 100000", "50000 100000", 1)],
)
def test_a_containers_share_of_time_limits_the_cores(
    tmp_path: Path, of_the_group: str, of_its_parent: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker" / "this").mkdir(parents=True)
    (tmp_path / "docker" / "cpu.max").write_text(f"{of_its_parent}\n")
    (tmp_path / "docker" / "this" / "cpu.max").write_text(f"{of_the_group}\n")
    (tmp_path / "own").write_text("1:name=systemd:/\n0::/docker/this\n")
    monkeypatch.setattr(free_memory, "ROOT", tmp_path)
    monkeypatch.setattr(free_memory, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    assert available_cores() == cores
