"""All that is wrong with a dataset's files is told before any work on it, also where masks are to be found."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest
from PIL import Image

from pipeline.cli.main import main
from pipeline.events.errors import NetworkError
from pipeline.run import dataset as application
from pipeline.run.task import Task

CaptureFixture: TypeAlias = pytest.CaptureFixture[str]
FAULTS = ["lonely dataset: ", "broken dataset: ", "strip dataset: "]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "trip"
    for name in ("a", "b", "broken", "lonely", "strip"):
        (root / name).mkdir(parents=True)
        for side in ("content", "style"):
            Image.effect_noise((60, 48), 60).convert("RGB").save(root / name / f"{side}.png")
    (root / "broken" / "content.png").write_text("no photo")
    (root / "lonely" / "style.png").unlink()
    Image.new("RGB", (4000, 200)).save(root / "strip" / "content.png")
    return root


@pytest.mark.parametrize(
    ("command", "step"), [("stylize", "segment"), ("run", "segment"), ("segment", "segment"), ("smooth", "smooth")]
)
def test_faults_come_first_and_only_the_sound_are_worked_on(
    dataset: Path, tmp_path: Path, command: str, step: str, monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture
) -> None:
    first: list[list[tuple[str, str]]] = []

    def hire(tasks: Sequence[Task], *_: object) -> NoReturn:
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fault: ")]
        assert [line.removeprefix("fault: ")[: len(start)] for line, start in zip(told, FAULTS, strict=True)] == FAULTS
        first.append([task.key for task in tasks if task.step.name == step])
        raise NetworkError("no work in this test")

    monkeypatch.setattr(application, "Workers", hire)
    assert main([command, str(dataset), "--results", str(tmp_path / "out"), "--size", "250"]) == 1
    assert first == [[("a", step), ("b", step)]]
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("fault: ")] == []  # not twice


def test_faults_are_told_again_at_the_end(dataset: Path, tmp_path: Path, capsys: CaptureFixture) -> None:
    assert main(["smooth", str(dataset), "--results", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("failed: ") for line in told) == len(FAULTS) + 2  # and two without a stage-one image


def test_segment_tells_each_fault_once_at_the_end(dataset: Path, tmp_path: Path, capsys: CaptureFixture) -> None:
    pairs = ("--pairs", "broken", "strip", "--size", "250")
    assert main(["segment", str(dataset), "--results", str(tmp_path / "out"), *pairs]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed: ")]
    starts = ["failed: broken dataset: content", "failed: strip dataset: content"]
    assert [line.partition(" /")[0] for line in told] == starts


def test_what_is_not_used_is_said_once(dataset: Path, tmp_path: Path, capsys: CaptureFixture) -> None:
    (dataset / "a" / "content.bmp").touch()
    (dataset / "b" / "content.bmp").touch()
    main(["status", str(dataset), "--results", str(tmp_path / "out"), "--pairs", "A"])
    assert capsys.readouterr().err == "note: a/content.bmp: not used: content.png is\n"


def test_what_was_put_right_stands_below_the_table(dataset: Path, tmp_path: Path, capsys: CaptureFixture) -> None:
    Image.new("L", (60, 48), 99).save(dataset / "a" / "style.png", icc_profile=b"no profile")
    main(["status", str(dataset), "--results", str(tmp_path / "out")])
    assert "a: style.png: its colour profile is broken: taken for grey" in capsys.readouterr().out
