"""Results that are somebody else's, another dataset's or in use by another run are left alone."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.images.encoding import encode_tiff
from pipeline.images.reading import read_photo
from pipeline.store.files import lock
from tests.pipeline.cli.calls import contents, in_a_process, photostyle
from tests.pipeline.scenes import scenery

pytestmark = pytest.mark.usefixtures("vgg16")


def test_an_image_of_another_program_is_used_and_never_overwritten_and_a_preview_comes_from_its_image(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, alone = results / "trip" / "hill" / "stylize", ("--pairs", "hill")
    folder.mkdir(parents=True)
    link, preview = folder / "image.tiff", folder / "image.png"
    theirs = encode_tiff(np.full((36, 48, 3), 0.5, np.float32))
    link.write_bytes(theirs)
    for options in ((), ("--stylize.style-weight", "3")):
        assert photostyle("stylize", dataset, results, *alone, *options) == 0
        assert "hill stylize: image.tiff was not made here and is kept" in capsys.readouterr().err
        assert link.read_bytes() == theirs
    assert photostyle("stylize", dataset, results, *alone, "--force") == 0
    assert link.read_bytes() != theirs
    assert (folder / "image.kept1.tiff").read_bytes() == theirs

    whole, made = preview.read_bytes(), link.stat().st_mtime_ns
    preview.unlink()
    assert photostyle("status", dataset, results, *alone) == 0
    assert "hill stylize: incomplete: image.png gone" in capsys.readouterr().out
    assert in_a_process(["stylize", str(dataset), "--results", str(results), *alone]).returncode == 0
    assert preview.read_bytes() == whole
    edited = scenery(36, 48, 9)
    edited.save(preview)
    assert photostyle("stylize", dataset, results, *alone) == 0
    told = "image.png was changed by hand, which counts for nothing: later steps start from image.tiff; save it there"
    assert f"hill stylize: {told}" in capsys.readouterr().err
    assert photostyle("stylize", dataset, results, *alone, "--stylize.style-weight", "3") == 0
    assert "image.png, which another program changed, is kept as image.kept1.png" in capsys.readouterr().err
    assert link.stat().st_mtime_ns != made
    assert read_photo(folder / "image.kept1.png").shape == (36, 48, 3)


def test_datasets_whose_folders_have_one_name_do_not_share_results(
    dataset: Path, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other" / "trip"
    shutil.copytree(dataset, other)
    photostyle("smooth", dataset, results)
    before = contents(results)
    capsys.readouterr()
    for command in ("run", "segment", "smooth", "compare", "explain", "status", "ui"):
        assert photostyle(command, other, results) == 2
        assert f"{results / 'trip'} has the results of {dataset}: give --results" in capsys.readouterr().err
    assert contents(results) == before


def test_a_dataset_is_no_folder_of_its_own_results(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(dataset)
    for command in ("run", "segment", "smooth", "compare", "explain", "status", "ui"):
        assert photostyle(command, dataset, dataset.parent) == 2
        assert f"{dataset} is the dataset itself: give --results another folder" in capsys.readouterr().err
    assert contents(dataset) == before


WRITERS = {
    "run": ["run"],
    "stylize": ["stylize"],
    "smooth": ["smooth"],
    "several lambdas": ["smooth", "--smooth.lambda", "0.1,1"],
    "onestage": ["onestage"],
    "compare": ["compare"],
    "sweep": ["compare", "--sweep"],
    "explain": ["explain"],
}


@pytest.mark.parametrize("name", WRITERS)
def test_results_that_are_in_use_are_written_by_nobody_else(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with lock(results / "trip"):
        assert photostyle(WRITERS[name][0], dataset, results, *WRITERS[name][1:]) == 1
        assert f"is being written to by process {os.getpid()} on" in capsys.readouterr().err
        assert [path.name for path in results.rglob("*") if path.is_file()] == [".lock"]
        assert photostyle("status", dataset, results) == 0  # to look is always allowed
    assert "missing" in capsys.readouterr().out


def test_results_that_can_not_be_written_are_told(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.mkdir()
    (results / "file").write_text("in the way")
    assert photostyle("run", dataset, results / "file") == 1
    assert "photostyle: " in capsys.readouterr().err
