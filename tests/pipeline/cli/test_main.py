"""The command line from end to end, at a small size, with the real network."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.cli.main import main
from pipeline.images.encoding import encode_tiff
from pipeline.images.photos import read_photo
from pipeline.run.plan import OWNER
from pipeline.store import hash_cache
from pipeline.store.files import lock
from stages.settings import Smooth
from tests.pipeline.scenes import TINY, mask, scenery

pytestmark = pytest.mark.usefixtures("vgg16")
Start = Callable[..., "subprocess.Popen[str]"]
LONG = ["--masks", "given", "--stylize.sizes", "48", "--stylize.evaluations", "100000", "--stylize.tolerance", "0"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two pairs, the second without masks."""
    root = tmp_path / "trip"
    for seed, name in enumerate(("beach", "hill")):
        (root / name).mkdir(parents=True)
        scenery(60, 80, seed).save(root / name / "content.png")
        scenery(70, 50, seed + 10).save(root / name / "style.jpg")
    mask(60, 80).save(root / "beach" / "content_mask.png")
    mask(70, 50).save(root / "beach" / "style_mask.png")
    scenery(60, 80, 5).save(root / "beach" / "compare_other.png")
    (root / "photostyle.toml").write_text(TINY)
    return root


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "out"


def photostyle(command: str, dataset: Path, results: Path, *options: str) -> int:
    return main([command, str(dataset), "--results", str(results), *options])


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file by name, with the time it was written; but for the lock, the owner and the remembered hashes."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", OWNER, hash_cache.FILE)
    ]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def changed(before: dict[str, tuple[int, bytes]], after: dict[str, tuple[int, bytes]]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def in_a_process(argv: Sequence[str], *, and_then: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys\nfrom pipeline.cli.main import main\ncode = main(sys.argv[1:])\n{and_then}\nsys.exit(code)"
    return subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, timeout=300)


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
    assert err.count("encoder: vgg16 on cpu") == 1  # which each worker loads
    assert "13 made, 0 current, 0 failed" in err
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
    assert [line.split() for line in table.splitlines()[:3]] == [
        ["pair", "segment", "stylize", "smooth", "onestage", "scores", "view"],
        ["beach", "-", "current", "stale", "current", "stale", "stale"],
        ["hill", "current", "current", "stale", "current", "stale", "stale"],
    ]
    assert f"beach smooth: stale: lambda 2.0 -> {Smooth().lam}" in table

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


@pytest.fixture
def start(dataset: Path, results: Path) -> Iterator[Start]:
    """Starts runs, each as the leader of a group of its own, none of which outlives the test."""
    with ExitStack() as stack:

        def start(*options: str) -> subprocess.Popen[str]:
            code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "  # not as inherited
            code += "from pipeline.cli.main import main; sys.exit(main())"
            argv = [sys.executable, "-c", code, "run", str(dataset), "--results", str(results), *options]
            process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True)
            stack.enter_context(process)
            stack.callback(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
            return process

        yield start


def wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(results: Path, start: Start, at_a_terminal: bool) -> None:
    process = start(*LONG)
    wait_for(process, "encoder: vgg16")
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    if at_a_terminal:  # every process gets it
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert not list(results.rglob("*.part"))
    assert psutil.wait_procs(workers, timeout=120)[1] == []


def test_workers_end_with_a_run_that_is_killed(start: Start) -> None:
    process = start(*LONG)
    wait_for(process, "encoder: vgg16")
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.kill()
    process.communicate()
    assert psutil.wait_procs(workers, timeout=120)[1] == []


def test_a_killed_run_goes_on_and_ends_as_if_undisturbed(
    dataset: Path, results: Path, start: Start, tmp_path: Path
) -> None:
    process = start()
    wait_for(process, "beach smooth: ")
    process.kill()
    process.communicate()
    finished = contents(results)
    assert "trip/beach/stylize/manifest.json" in finished
    assert photostyle("run", dataset, results) == 0
    resumed = contents(results)
    kept = {"trip/beach/stylize/manifest.json", "trip/beach/smooth/manifest.json"}
    assert kept.isdisjoint(changed(finished, resumed))
    assert photostyle("run", dataset, tmp_path / "undisturbed") == 0
    undisturbed = contents(tmp_path / "undisturbed")
    images = {name for name in undisturbed if name.endswith(("image.tiff", "image.png", "image16.png"))}
    assert len(images) == 12
    assert all(resumed[name][1] == undisturbed[name][1] for name in images)


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
    assert main(["weights"]) == 0
    assert "vgg16: cached at" in capsys.readouterr().out
