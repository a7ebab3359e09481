"""The command line from end to end, at a small size, with the real network."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.encoding import encode_tiff
from pipeline.images.reading import read_photo
from stages.settings import Smooth
from tests.pipeline.cli.calls import changed, contents, in_a_process, photostyle
from tests.pipeline.scenes import TINY, mask, scenery

pytestmark = pytest.mark.usefixtures("vgg16")


NEVER_TORCH = "assert 'torch' not in sys.modules, 'torch was imported'"


def test_run_then_nothing_to_do_then_only_what_changed(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert photostyle("run", dataset, results) == 0
    made = contents(results)
    stages = {"stylize": {"image.tiff", "image.png"}, "smooth": {"image16.png", "image.png"}}
    stages["onestage"] = stages["smooth"]
    expected = {
        f"trip/{pair}/{stage}/{file}"
        for pair in ("beach", "hill")
        for stage, files in stages.items()
        for file in files | {"manifest.json"}
    }
    scores = ("scores.json", "contact_sheet.png", "manifest.json")
    expected |= {f"trip/{pair}/scores/{file}" for pair in ("beach", "hill") for file in scores}
    expected |= {f"trip/{pair}/view/{file}" for pair in ("beach", "hill") for file in ("view.json", "manifest.json")}
    found = ("content_mask.png", "style_mask.png", "overlay.png", "manifest.json")
    expected |= {f"trip/hill/segment/{file}" for file in found}
    expected |= {"trip/report/index.html", "trip/report/manifest.json"}
    assert made.keys() == expected | {"trip/metrics.csv", "trip/metrics.md", "trip/manifest.json"}
    for pair in ("beach", "hill"):
        assert read_photo(results / "trip" / pair / "smooth" / "image16.png").shape == (36, 48, 3)
    out, err = capsys.readouterr()
    assert "13 made, 0 current, 0 failed" in err
    assert f"s, {results / 'trip' / 'report' / 'index.html'}" in err  # what is looked at first
    assert "compare_other" in out

    again = in_a_process(["run", str(dataset), "--results", str(results)], and_then=NEVER_TORCH)
    assert again.returncode == 0, again.stderr
    assert "Nothing to do: all 13 results" in again.stderr
    assert changed(made, contents(results)) == set()

    argv = ["smooth", str(dataset), "--results", str(results), "--smooth.lambda", "2"]
    rerun = in_a_process(argv, and_then=NEVER_TORCH)
    assert rerun.returncode == 0, rerun.stderr
    assert "beach smooth" in rerun.stderr
    assert f"lambda {Smooth().lam} -> 2.0" in rerun.stderr
    smoothed = contents(results)
    folders = {name.rsplit("/", 1)[0] for name in changed(made, smoothed)}
    assert folders == {"trip/beach/smooth", "trip/hill/smooth"}

    assert photostyle("status", dataset, results) == 0
    table = capsys.readouterr().out
    assert [re.split("  +", line) for line in table.splitlines()[:3]] == [
        ["pair", "segment", "stylize", "smooth", "onestage", "scores", "view"],
        ["beach", "-", "current", "other settings", "current", "stale", "stale"],
        ["hill", "current", "current", "other settings", "current", "stale", "stale"],
    ]
    assert f"beach smooth: other settings: lambda 2.0 -> {Smooth().lam}" in table
    assert table.splitlines()[-1].startswith("other settings: made with what stands before the arrow")
    assert photostyle("status", dataset, results, "--smooth.lambda", "2") == 0
    assert "other settings" not in capsys.readouterr().out

    link = results / "trip" / "hill" / "stylize" / "image.tiff"
    edited = encode_tiff(read_photo(link)[:, ::-1])
    link.write_bytes(edited)
    assert photostyle("run", dataset, results, "--smooth.lambda", "2") == 0
    assert link.read_bytes() == edited
    err = capsys.readouterr().err
    assert "hill stylize: image.tiff was changed by hand and is kept; --force replaces it, after a copy" in err
    assert "hill smooth" in err
    assert "stage-one image changed" in err
    assert "beach smooth" not in err

    assert photostyle("stylize", dataset, results, "--force", "--pairs", "hill") == 0
    assert link.read_bytes() == made["trip/hill/stylize/image.tiff"][1]  # seeded: the same again
    assert link.with_name("image.kept1.tiff").read_bytes() == edited


def test_a_run_without_the_comparison_at_a_size_that_later_commands_find(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "photostyle.toml").write_text(TINY.replace("size = 48", ""))
    assert photostyle("run", dataset, results, "--no-compare", "--size", "64", "--pairs", "beach") == 0
    assert "2 made, 0 current, 0 failed" in capsys.readouterr().err
    assert {path.name for path in (results / "trip" / "beach").iterdir()} == {"stylize", "smooth"}
    assert photostyle("smooth", dataset, results, "--smooth.lambda", "0.5", "--pairs", "beach") == 0
    assert photostyle("status", dataset, results, "--smooth.lambda", "0.5", "--pairs", "beach") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["beach", "-", *["current"] * 2, *["missing"] * 3]


def test_faults_are_told_first_and_the_other_pairs_go_on(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "beach" / "content.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    mask(66, 50).save(dataset / "beach" / "style_mask.png")
    (dataset / "alone").mkdir()
    scenery(40, 40, 3).save(dataset / "alone" / "style.png")
    assert photostyle("run", dataset, results) == 1
    err = capsys.readouterr().err
    faults = [line for line in err.splitlines() if line.startswith("fault: ")]
    assert len(faults) == 3
    assert "alone dataset: alone/no content photo" in faults[0]
    assert "content.png: damaged" in faults[1]
    assert "style_mask.png: is 50x66, its photo 50x70" in faults[2]
    assert err.index(faults[2]) < err.index("hill stylize")
    assert "8 made, 0 current, 3 failed" in err
    assert (results / "trip" / "hill" / "smooth" / "image16.png").exists()
    assert [path.name for path in (results / "trip" / "beach").iterdir()] == ["failure.txt"]
    assert "content.png: damaged" in (results / "trip" / "beach" / "failure.txt").read_text()
    assert "no content photo" in (results / "trip" / "alone" / "failure.txt").read_text()
    (dataset / "beach" / "content.png").write_bytes((dataset / "hill" / "content.png").read_bytes())
    mask(70, 50).save(dataset / "beach" / "style_mask.png")
    assert photostyle("smooth", dataset, results) == 1  # no stage-one image: another failure
    assert not (results / "trip" / "beach" / "failure.txt").exists()


def test_a_stage_that_fails_is_recorded_until_it_succeeds(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert photostyle("smooth", dataset, results) == 1
    assert "there is no stage-one image: run `photostyle stylize` first" in capsys.readouterr().err
    folder = results / "trip" / "beach"
    for pair, shape in (("beach", (9, 9, 3)), ("hill", (36, 48, 3))):
        (results / "trip" / pair / "stylize").mkdir(exist_ok=True)
        foreign = np.full(shape, 0.5, np.float32)
        (results / "trip" / pair / "stylize" / "image.tiff").write_bytes(encode_tiff(foreign))
    assert photostyle("smooth", dataset, results) == 1
    assert "the stage-one image is 9x9, the content at this size 48x36" in capsys.readouterr().err
    assert (results / "trip" / "hill" / "smooth" / "image.png").exists()
    assert (folder / "smooth" / "failure.txt").read_text().startswith("ValueError: the stage-one image is 9x9")
    assert photostyle("status", dataset, results) == 0
    assert "beach smooth: failed: ValueError: the stage-one image is 9x9" in capsys.readouterr().out
    (folder / "stylize" / "image.tiff").write_bytes(encode_tiff(np.full((36, 48, 3), 0.5, np.float32)))
    assert photostyle("smooth", dataset, results) == 0
    assert not (folder / "smooth" / "failure.txt").exists()


def test_a_pairs_own_lambda_is_honoured(dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pair in ("beach", "hill"):
        (results / "trip" / pair / "stylize").mkdir(parents=True)
        (results / "trip" / pair / "stylize" / "image.tiff").write_bytes(encode_tiff(np.full((36, 48, 3), 0.5)))
    assert photostyle("smooth", dataset, results) == 0
    before = contents(results)
    (dataset / "beach" / "photostyle.toml").write_text("[smooth]\nlambda = 0.007\n")
    assert photostyle("smooth", dataset, results) == 0
    assert {name.split("/")[1] for name in changed(before, contents(results))} == {"beach"}
    err = capsys.readouterr().err
    assert "[1/2] beach: lambda 0.007; it has its own in photostyle.toml" in err
    assert f"(lambda {Smooth().lam} -> 0.007)" in err
    assert photostyle("smooth", dataset, results, "--smooth.lambda", "0.007") == 0  # options override both
    assert {name.split("/")[1] for name in changed(before, contents(results))} == {"beach", "hill"}


def test_wrong_use_is_told_and_ends_with_two(dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset.parent / "empty").mkdir()
    assert photostyle("run", dataset.parent / "empty", results) == 2
    assert "holds no pair of photos; the layouts are" in capsys.readouterr().err
    assert photostyle("run", dataset / "beach", results) == 2
    assert f"is the folder of one pair: photostyle run {dataset} --pairs beach" in capsys.readouterr().err
    assert photostyle("run", dataset, results, "--pairs", "beach", "valley") == 2
    assert "has no pair valley; it has beach, hill" in capsys.readouterr().err
    assert photostyle("smooth", dataset, results, "--smooth.lambda", "-1") == 2
    assert "photostyle: --smooth.lambda: wants a number above 0, not -1" in capsys.readouterr().err
    assert not results.exists()


def test_explain_tells_what_is_wrong_with_its_photos(
    dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "beach" / "content.png").write_bytes(b"")
    assert photostyle("explain", dataset, results) == 1
    assert "content.png: an empty file" in capsys.readouterr().err


def test_compare_of_nothing_says_what_to_run(dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert photostyle("compare", dataset, results, "--pairs", "hill") == 1
    assert "nothing to compare: run `photostyle run` first" in capsys.readouterr().err


def test_doctor_and_weights_say_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in ("device", "CHOLMOD", "BLAS", "threads", "memory", "weights", "semantic"):
        assert word in out
    assert out.endswith("\nAll that photostyle needs is here.\n")
    assert main(["weights"]) == 0
    assert "vgg16: cached at" in capsys.readouterr().out


def test_doctor_says_in_the_end_what_is_to_be_mended_or_comes_yet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["doctor"]) == 0
    assert "the first run fetches the weights" in capsys.readouterr().out.splitlines()[-1]
    monkeypatch.setitem(sys.modules, "sksparse.cholmod", None)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("! ") and "sksparse.cholmod" in line and "`make`" in line for line in out) == 1
    assert out[-1] == "To be mended: what the line with ! above says."
