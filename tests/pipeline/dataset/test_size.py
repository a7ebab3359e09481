"""The size that results were made with: found by later commands, and told where another is asked for."""

from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.cli.options.datasets import OnDataset, Ui
from pipeline.cli.parser import parse
from pipeline.dataset.opening import open_dataset
from pipeline.settings.config import WORKING_SIZE, Size
from pipeline.store.manifest import Recipe, publish
from tests.pipeline.scenes import make_stylized_pairs

PAIRS = ("hill", "lake")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A dataset and its results, whose stage-one images are somebody else's."""
    return make_stylized_pairs(tmp_path / "trip", tmp_path / "out" / "trip", PAIRS, 60, 80)


def made(results: Path, pair: str, size: int, step: str = "stylize") -> None:
    publish(results / pair / step, Recipe(step, 1, {}, {}), {}, {"working_size": size})


def sizes(command: str, folders: tuple[Path, Path], *options: str) -> list[Size]:
    """Of the dataset as a whole, and of each pair."""
    read = parse([command, str(folders[0]), "--results", str(folders[1].parent), *options])
    assert isinstance(read, OnDataset | Ui)
    return [read.settings.size, *(read.settings_of(pair).size for pair in open_dataset(folders[0]).pairs)]


@pytest.mark.parametrize("command", ["smooth", "onestage", "compare", "ui", "status"])
def test_later_commands_find_it(folders: tuple[Path, Path], command: str) -> None:
    assert sizes(command, folders) == [WORKING_SIZE] * 3
    for pair in PAIRS:
        made(folders[1], pair, 250)
    assert sizes(command, folders) == [250] * 3
    assert sizes(command, folders, "--size", "300") == [300] * 3
    assert sizes("run", folders) == sizes("stylize", folders) == [WORKING_SIZE] * 3
    made(folders[1], "lake", 300)
    assert sizes(command, folders) == [WORKING_SIZE, 250, 300]
    (folders[0] / "photostyle.toml").write_text("size = 100\n")
    assert sizes(command, folders) == [100] * 3


def test_native_is_one_while_stage_one_is_of_its_size(folders: tuple[Path, Path]) -> None:
    made(folders[1], "hill", WORKING_SIZE)
    made(folders[1], "hill", WORKING_SIZE, "native")
    assert sizes("smooth", folders) == ["native", "native", WORKING_SIZE]
    made(folders[1], "hill", 250)
    assert sizes("smooth", folders)[:2] == [250, 250]


def test_another_size_is_told_as_that(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    def photostyle(command: str, *options: str) -> str:
        assert main([command, str(folders[0]), "--results", str(folders[1].parent), *options]) == 0
        return capsys.readouterr().out

    photostyle("smooth", "--size", "80", "--masks", "none")
    told = photostyle("status", "--size", "60", "--smooth.epsilon", "1e-6", "--masks", "none")
    assert "hill smooth: other settings: size 80 -> 60, epsilon 1e-07 -> 1e-06\n" in told
    assert "changed" not in told
