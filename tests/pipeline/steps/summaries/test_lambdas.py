"""`photostyle smooth --smooth.lambda A,B,C` from end to end, on stage-one images that need no network."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.contact_sheet import GAP, TILE
from pipeline.images.encoding import encode_tiff
from pipeline.images.reading import read_photo
from pipeline.store import hash_cache
from pipeline.store.manifest import read_manifest
from tests.pipeline.scenes import make_stylized_pairs, noise
from tests.stages.smooth.factors import has_mkl, needs_mkl

LAMBDAS = (1e-4, 1e-2, 1.0)
LISTED = "1e-4,0.01,1"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two pairs with a stage-one image, and the folder of their results."""
    return make_stylized_pairs(tmp_path / "views", tmp_path / "results" / "views", ["hill", "lake"])


def smooth(folders: tuple[Path, Path], lambdas: str, *options: str) -> int:
    dataset, results = folders
    return main(["smooth", str(dataset), "--results", str(results.parent), "--smooth.lambda", lambdas, *options])


def written(results: Path) -> dict[str, int]:
    files = (path for path in results.rglob("*") if path.is_file() and path.name not in (".lock", hash_cache.FILE))
    return {str(path.relative_to(results)): path.stat().st_mtime_ns for path in files}


def test_each_lambda_is_what_it_would_be_alone(folders: tuple[Path, Path]) -> None:
    results = folders[1]
    assert smooth(folders, LISTED) == 0
    for lam in LAMBDAS:
        assert smooth(folders, str(lam)) == 0
        for pair in ("hill", "lake"):
            alone, swept = results / pair / "smooth", results / pair / "sweep" / f"smooth_{lam}"
            for file in ("image.png", "image16.png"):
                assert (alone / file).read_bytes() == (swept / file).read_bytes()


def test_again_there_is_nothing_to_do_and_a_further_lambda_is_the_only_work(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results = folders[1]
    assert smooth(folders, LISTED) == 0
    assert "8 made, 0 current, 0 failed" in capsys.readouterr().err
    first = written(results)
    assert smooth(folders, LISTED) == 0
    assert "Nothing to do: all 8 results" in capsys.readouterr().err
    assert written(results) == first
    assert smooth(folders, f"{LISTED},3", "--pairs", "hill") == 0
    changed = {name for name, time in written(results).items() if first.get(name) != time}
    new = {"smooth_3.0/image.png", "smooth_3.0/image16.png", "smooth_3.0/manifest.json"}
    assert changed == {f"hill/sweep/{name}" for name in new | {"lambdas/lambdas.png", "lambdas/manifest.json"}}
    assert "2 made, 3 current, 0 failed" in capsys.readouterr().err


def test_another_stage_one_image_makes_all_of_it_again(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert smooth(folders, LISTED, "--pairs", "lake") == 0
    (folders[1] / "lake" / "stylize" / "image.tiff").write_bytes(encode_tiff(noise(99)))
    assert smooth(folders, LISTED, "--pairs", "lake") == 0
    assert capsys.readouterr().err.count("4 made, 0 current, 0 failed") == 2


def test_the_sheet_shows_content_stage_one_and_every_lambda_in_order(folders: tuple[Path, Path]) -> None:
    results = folders[1] / "hill"
    assert smooth(folders, "1,1e-4") == 0
    sheet = read_photo(results / "sweep" / "lambdas" / "lambdas.png")
    corners = [(row, GAP + column * (TILE + GAP)) for row in range(len(sheet) - 36) for column in range(2)]

    def places(image: np.ndarray) -> list[tuple[int, int]]:
        return [(y, x) for y, x in corners if np.abs(sheet[y : y + 36, x : x + 48] - image).max() < 1 / 200]

    shown = [
        noise(0),
        noise(2),
        *(read_photo(results / "sweep" / f"smooth_{lam}" / "image.png") for lam in (1.0, 1e-4)),
    ]
    found = [places(image) for image in shown]
    assert [len(each) for each in found] == [1, 1, 1, 1]
    assert [each[0] for each in found] == sorted(each[0] for each in found)


def test_a_pair_that_fails_is_recorded_and_the_others_go_on(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results = folders[1]
    (results / "hill" / "stylize" / "image.tiff").write_bytes(encode_tiff(noise(0)[:9]))
    assert smooth(folders, LISTED) == 1
    err = capsys.readouterr().err
    assert "4 made, 0 current, 3 failed" in err
    assert "failed: hill sweep/smooth_0.0001, sweep/smooth_0.01, sweep/smooth_1.0: the stage-one image is 48x9" in err
    assert (results / "lake" / "sweep" / "lambdas" / "lambdas.png").exists()
    assert not (results / "hill" / "sweep" / "lambdas").exists()


@pytest.mark.parametrize("listed", ["1e-4,", "1e-4,x", "1e-4,-1", "0,1", ",", "1,nan"])
def test_a_bad_list_is_refused_before_anything_is_read(
    folders: tuple[Path, Path], listed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smooth(folders, listed) == 2
    assert f"--smooth.lambda {listed}: wants numbers above 0 with commas between them" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "stylize", "onestage", "compare", "status"])
@pytest.mark.parametrize("option", [["--smooth.lambda", LISTED], [f"--smooth.lambda={LISTED}"]])
def test_other_commands_take_one_lambda(
    folders: tuple[Path, Path], command: str, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(folders[0]), *option]) == 2
    assert f"{command} takes one lambda; `photostyle smooth` takes a list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("solver", "told", "residual"),
    [
        ("auto", "Cholesky factor: ", 1e-9),
        pytest.param("pardiso", "MKL's PARDISO: as asked", 1e-9, marks=needs_mkl),
        ("cg", "conjugate gradients: as asked", 1e-6),
    ],
)
def test_which_solver_ran_is_printed_and_recorded(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str], solver: str, told: str, residual: float
) -> None:
    assert smooth(folders, "0.1", "--smooth.solver", solver, "--pairs", "hill") == 0
    assert f"smooth, by {told}" in capsys.readouterr().err
    manifest = read_manifest(folders[1] / "hill" / "smooth")
    assert manifest is not None
    assert manifest.facts["solver"].startswith(told)
    assert manifest.facts["residual"] <= residual


@pytest.mark.skipif(has_mkl(), reason="MKL is here")
def test_a_solver_that_is_not_installed_stops_a_run_before_it_begins(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(folders[0]), "--results", str(folders[1].parent), "--smooth.solver", "pardiso"]) == 2
    assert "pip install 'photostyle[mkl]'" in capsys.readouterr().err
    assert not list(folders[1].rglob("manifest.json"))
