"""What befalls one pair befalls no other, and a disk that fills up breaks nothing."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main
from pipeline.images import reading
from pipeline.store import hash_cache
from pipeline.store.manifest import read_manifest
from tests.pipeline.scenes import make_stylized_pairs

SIZE = ("--size", "48")


def make_dataset(root: Path, results: Path, pairs: int) -> Path:
    return make_stylized_pairs(root, results / root.name, [f"p{number}" for number in range(pairs)])[0]


def photostyle(command: str, dataset: Path, results: Path, *options: str) -> int:
    return main([command, str(dataset), "--results", str(results), *SIZE, *options])


def finished(results: Path, stage: str) -> list[str]:
    """The pairs whose result is there and whole."""
    found = [(place, read_manifest(place)) for place in sorted(results.glob(f"*/{stage}"))]
    return [place.parent.name for place, manifest in found if manifest is not None and manifest.intact(place)]


def test_a_system_that_can_not_be_solved_is_one_pair_s_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, results = make_dataset(tmp_path / "trip", tmp_path / "out", 3), tmp_path / "out"
    Image.new("RGB", (48, 36), (128, 128, 128)).save(dataset / "p1" / "content.png")
    # Solvable with an anchor, which takes the constant out of it.
    (dataset / "photostyle.toml").write_text('[smooth]\nmu = 0\nanchor = "none"\n')
    (dataset / "p1" / "photostyle.toml").write_text("[smooth]\nlambda = 1e-12\n")
    assert photostyle("smooth", dataset, results) == 1
    err = capsys.readouterr().err
    assert "2 made, 0 current, 1 failed" in err
    reason = "at lambda = 1e-12, at most 1e-08 is accepted: lambda is too small for double precision"
    (told,) = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert told.startswith("failed: p1 smooth: relative residual ")
    assert reason in told
    assert reason in (results / "trip" / "p1" / "smooth" / "failure.txt").read_text()
    assert finished(results / "trip", "smooth") == ["p0", "p2"]
    assert photostyle("status", dataset, results) == 0
    assert "p1 smooth: failed: ResidualError: relative residual " in capsys.readouterr().out


def test_a_pair_that_can_not_be_scored_keeps_no_other_from_being_compared(
    tmp_path: Path, vgg16: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is so long and narrow that the encoder's deepest layer has no pixel left at the size that is scored."""
    dataset, results = make_dataset(tmp_path / "trip", tmp_path / "out", 2), tmp_path / "out"
    done = results / "trip"
    make_stylized_pairs(dataset, done, ["p1"], 32, 800)
    options = ["--device", "cpu", "--encoder", "vgg16", "--onestage.evaluations", "1", "--size", "800"]
    assert photostyle("smooth", dataset, results, *options) == 0
    reason = "800x32 can't be scored: the style distance is measured at 350x14, where no edge may be under 16"
    for option, failing in (["--sweep"], "sweep, scores"), ([], "scores"):
        capsys.readouterr()
        assert photostyle("compare", dataset, results, *option, *options) == 1
        told = capsys.readouterr()
        failed = [line for line in told.err.splitlines() if line.startswith("failed: ")]
        assert failed == [f"failed: p1 {failing}: {reason}"]
        assert f"the comparison of p1: {reason}" in told.out
        assert reason in (done / "p1" / "scores" / "failure.txt").read_text()
        scored = (done / "metrics.csv").read_text()
        assert "p0,two-stage," in scored
        assert "p1," not in scored
        assert [(done / pair / "scores" / "contact_sheet.png").exists() for pair in ("p0", "p1")] == [True, False]
        assert (done / "report" / "index.html").exists()
    assert "p0,two-stage,lambda," in (done / "sweep.csv").read_text()
    assert reason in (done / "p1" / "sweep" / "failure.txt").read_text()

    make_stylized_pairs(dataset, done, ["p1"])
    assert photostyle("smooth", dataset, results, *options) == 0
    assert photostyle("compare", dataset, results, *options) == 0
    assert "p1,two-stage," in (done / "metrics.csv").read_text()
    assert not (done / "p1" / "scores" / "failure.txt").exists()


def test_losses_that_are_no_numbers_are_recorded(
    tmp_path: Path, vgg16: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both pairs diverge: that the first gets nowhere doesn't keep the second from being tried."""
    dataset, results = make_dataset(tmp_path / "trip", tmp_path / "out", 2), tmp_path / "out"
    options = ["--device", "cpu", "--encoder", "vgg16", "--stylize.sizes", "48", "--stylize.evaluations", "4"]
    options += ["--stylize.optimizer", "adam", "--stylize.learning-rate", "1e30", "--force", "--masks", "given"]
    assert photostyle("stylize", dataset, results, *options) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed: ")]
    assert [line.split(":")[1].strip() for line in told] == ["p0 stylize", "p1 stylize"]
    for number in range(2):
        assert "the loss is inf at evaluation 2" in told[number]
        recorded = (results / "trip" / f"p{number}" / "stylize" / "failure.txt").read_text()
        assert "the loss is inf at evaluation 2" in recorded


def test_nothing_that_is_untouched_is_decoded_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, results = make_dataset(tmp_path / "trip", tmp_path / "out", 3), tmp_path / "out"
    assert photostyle("smooth", dataset, results) == 0
    now, decoded = time.time_ns, []
    monkeypatch.setattr(hash_cache.time, "time_ns", lambda: now() + 2 * hash_cache.TICK_NS)  # the files are old by now
    read = reading.read_raster
    monkeypatch.setattr(reading, "read_raster", lambda path: (decoded.append(path.name), read(path))[1])
    assert photostyle("smooth", dataset, results) == 0
    assert sorted(decoded) == sorted(3 * ["content.png", "style.png", "image.tiff"])
    assert photostyle("status", dataset, results) == 0  # which asks whether masks are there for these photos
    decoded.clear()
    for command in ("smooth", "status"):
        assert photostyle(command, dataset, results) == 0
    assert decoded == []
    Image.fromarray(np.zeros((36, 48, 3), np.uint8)).save(dataset / "p1" / "style.png")
    assert photostyle("status", dataset, results) == 0
    assert decoded == 2 * ["content.png", "style.png"]  # at the size of the stages, and at that of the masks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"this user can't mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.workers
def test_a_full_disk_ends_the_run_and_breaks_nothing(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [f"p{number}" for number in range(9)]
    dataset, whole = make_dataset(tmp_path / "trip", tmp_path / "whole", len(pairs)), tmp_path / "whole"
    assert photostyle("smooth", dataset, whole) == 0
    make_dataset(tmp_path / "again" / "trip", small_disk, len(pairs))
    capsys.readouterr()
    assert photostyle("smooth", dataset, small_disk) == 1
    assert "No space left on device" in capsys.readouterr().err
    done = finished(small_disk / "trip", "smooth")
    assert 0 < len(done) < len(pairs)
    assert not list(small_disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=10m", small_disk], check=True)
    assert photostyle("smooth", dataset, small_disk) == 0
    assert finished(small_disk / "trip", "smooth") == pairs
    for image in whole.glob("trip/*/smooth/*.png"):
        assert (small_disk / image.relative_to(whole)).read_bytes() == image.read_bytes()
