"""The limits of containers, as Linux tells them in either version of its control groups."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from stages import free_memory as module
from stages.free_memory import free_memory


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=64_000))
    monkeypatch.setattr(module, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(module, "OWN", tmp_path / "own")
    return tmp_path / "cgroup"


def put(group: Path, names: tuple[str, str], limit: object, usage: int, inactive: int = 0) -> None:
    group.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, usage), strict=True):
        (group / name).write_text(f"{value}\n")
    (group / "memory.stat").write_text(f"anon 7\ninactive_file {inactive}\n")


def test_the_tightest_limit_above_the_process_counts_and_caches_are_free(groups: Path) -> None:
    (groups.parent / "own").write_text("0::/pod/container\n")
    put(groups / "pod" / "container", module.FILES[""], "max", 900)
    assert free_memory() == 64_000
    put(groups / "pod", module.FILES[""], 10_000, 4000, inactive=500)
    assert free_memory() == 6500
    put(groups, module.FILES[""], 3000, 5000)
    assert free_memory() == 0


def test_the_first_version_has_a_folder_for_memory(groups: Path) -> None:
    (groups.parent / "own").write_text("5:cpu:/docker/1\n4:memory:/docker/1\n")
    put(groups / "memory" / "docker" / "1", module.FILES["memory"], 8000, 3000)
    assert free_memory() == 5000


def test_without_groups_it_is_the_machine_s(groups: Path) -> None:
    assert free_memory() == 64_000
    (groups.parent / "own").write_text("0::/\n")
    assert free_memory() == 64_000
