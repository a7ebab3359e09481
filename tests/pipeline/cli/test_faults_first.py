"""All that is wrong with a dataset's files is told before any work on it, also where masks are to be found."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline.cli import main as command_line
from pipeline.dataset.layouts import Dataset
from pipeline.run import dataset as application
from pipeline.run.plan import Summary
from pipeline.steps.segment import Segmented

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


@pytest.mark.parametrize("command", ["stylize", "run", "segment"])
def test_faults_come_first_and_only_the_sound_get_masks(
    dataset: Path, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    segmented: list[str] = []

    def segment(dataset: Dataset, *_: object, **__: object) -> Segmented:
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fault: ")]
        assert [line.removeprefix("fault: ")[: len(start)] for line, start in zip(told, FAULTS, strict=True)] == FAULTS
        segmented.extend(pair.name for pair in dataset.pairs)
        return Segmented(dataset, ())

    monkeypatch.setattr(command_line if command == "segment" else application, "segment", segment)
    monkeypatch.setattr(application, "run", lambda *_: Summary(0, 0, ()))
    assert command_line.main([command, str(dataset), "--results", str(tmp_path / "out"), "--size", "250"]) == 1
    assert segmented == ["a", "b"]
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if line.startswith("fault: ")] == []  # not twice
    assert sum(line.startswith("failed: ") for line in told) == 3


def test_what_is_not_used_is_said_once(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset / "a" / "content.bmp").touch()
    (dataset / "b" / "content.bmp").touch()
    command_line.main(["status", str(dataset), "--results", str(tmp_path / "out"), "--pairs", "A"])
    assert capsys.readouterr().err == "note: a/content.bmp: not used: content.png is\n"


def test_what_was_put_right_stands_below_the_table(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (60, 48), 99).save(dataset / "a" / "style.png", icc_profile=b"no profile")
    command_line.main(["status", str(dataset), "--results", str(tmp_path / "out")])
    assert "a: style.png: its colour profile is broken: taken for grey" in capsys.readouterr().out
