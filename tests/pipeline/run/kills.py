"""A dataset whose runs are killed again and again, and what must hold meanwhile and at the end.

    python -m tests.pipeline.run.kills --kills 50

kills that many runs with SIGKILL, at moments drawn from the length of an undisturbed one. Each start asks for the
other of two settings, so that there is always work, and something whole to be spoilt. Half of the kills take the
command alone, and the next start follows at once; the other half take all of its processes.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from pipeline.store.files import hash_file
from pipeline.store.manifest import FILE, Manifest, read_manifest
from tests.pipeline.scenes import TINY, mask, scenery

SETTINGS: tuple[tuple[str, ...], ...] = ((), ("--smooth.lambda", "0.03", "--stylize.style-weight", "3"))
STAGES = ("stylize", "smooth", "onestage")
SHEET = "contact_sheet.png"
PATIENCE_S = 600.0


class Toll(NamedTuple):
    """What was done to a dataset, and seen."""

    kills: int
    alone: int
    """Of these, that took the command without its workers."""
    ended: int
    """Runs that were done before their kill."""
    refused: int
    """Starts that found the results held by what a killed run had left behind."""
    found_whole: int
    """Results seen after the kills, each one what an undisturbed run makes of the same settings."""
    found_missing: int
    """Results that a kill had left without a manifest."""
    seconds: float
    """Of an undisturbed run, as the machine is at the end."""


def make_dataset(root: Path) -> Path:
    """Two small pairs, one of them with masks."""
    for seed, name in enumerate(("beach", "hill")):
        (root / name).mkdir(parents=True)
        for side, shape in (("content", (60, 80)), ("style", (70, 50))):
            scenery(*shape, seed).save(root / name / f"{side}.png")
            if name == "beach":
                mask(*shape).save(root / name / f"{side}_mask.png")
    (root / "photostyle.toml").write_text(TINY)
    return root


def survive(folder: Path, kills: int, seed: int, tell: Callable[[Toll], object] = lambda toll: None) -> Toll:
    """Makes a dataset and its undisturbed results in a folder, then kills runs of it, and compares.

    Args:
        folder: for all of it.
        kills: how many.
        seed: of their moments, and of whom they take.
        tell: is told after each start.

    Raises:
        AssertionError: something half written passes for a result, or the last results are not as if undisturbed.
    """
    dataset = make_dataset(folder / "trip")
    undisturbed = [folder / f"undisturbed_{number}" for number in range(len(SETTINGS))]
    seconds = []
    for results, settings in zip(undisturbed, SETTINGS, strict=True):
        began = time.monotonic()
        finish(dataset, results, settings)
        seconds.append(time.monotonic() - began)
    known = {one.fingerprint: one.outputs for results in undisturbed for one in manifests(results / "trip")}
    toll = Toll(0, 0, 0, 0, 0, 0, min(seconds))
    rng, results, settings = random.Random(seed), folder / "killed", SETTINGS[0]
    while toll.kills < kills:
        alone, settings = rng.random() < 0.5, SETTINGS[(SETTINGS.index(settings) + 1) % len(SETTINGS)]
        began = time.monotonic()
        with open(folder / "log", "w+") as log:
            run = start(dataset, results, settings, log.fileno())
            try:
                code = run.wait(rng.uniform(0, toll.seconds))
            except subprocess.TimeoutExpired:
                (os.kill if alone else os.killpg)(run.pid, signal.SIGKILL)
                run.wait()
                toll = toll._replace(kills=toll.kills + 1, alone=toll.alone + alone)
            else:
                log.seek(0)
                said = log.read()
                if "is being written to by" in said:
                    toll = toll._replace(refused=toll.refused + 1)
                else:
                    assert code == 0, said
                    idle = "Nothing to do" in said  # the run before was killed before it had done anything
                    toll = toll._replace(
                        ended=toll.ended + 1, seconds=toll.seconds if idle else time.monotonic() - began
                    )
        if not alone:
            wait_for_the_end_of(run.pid)
            toll = inspect(results / "trip", known, toll)
        tell(toll)
    wait_for_the_end_of(run.pid)
    kept = finished(results / "trip", {one.fingerprint for one in manifests(undisturbed[0] / "trip")})
    finish(dataset, results, SETTINGS[0])
    assert kept.items() <= finished(results / "trip", set(known)).items(), "what was finished has been made again"
    inspect(results / "trip", known, toll)
    expected, ended_with = (list(compared(one)) for one in (undisturbed[0] / "trip", results / "trip"))
    assert ended_with == expected
    assert not list(results.rglob("*.part"))
    return toll


def start(dataset: Path, results: Path, settings: Sequence[str], output: int) -> "subprocess.Popen[bytes]":
    """Starts a run, as the leader of a group of its own."""
    argv = [sys.executable, "-m", "pipeline.cli.main", "run", str(dataset), "--results", str(results), *settings]
    return subprocess.Popen(argv, stdout=output, stderr=output, start_new_session=True)


def finish(dataset: Path, results: Path, settings: Sequence[str]) -> None:
    """Starts a run, again while something else still holds the results, and waits for its end."""
    until = time.monotonic() + PATIENCE_S
    while True:
        with tempfile.TemporaryFile("w+") as log:
            code = start(dataset, results, settings, log.fileno()).wait(PATIENCE_S)
            log.seek(0)
            said = log.read()
        if code == 0:
            return
        assert "is being written to by" in said, said
        assert time.monotonic() < until, said
        time.sleep(0.2)


def wait_for_the_end_of(group: int) -> None:
    """Until no process of a group is alive."""
    until = time.monotonic() + PATIENCE_S
    while any(members(group)):
        assert time.monotonic() < until, f"processes of the killed run {group} live on"
        time.sleep(0.02)


def members(group: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                yield process
        except ProcessLookupError:
            continue


def places(results: Path) -> list[Path]:
    """The stages' folders of all pairs that there are."""
    return [folder / stage for folder in sorted(results.glob("*")) for stage in STAGES if (folder / stage).is_dir()]


def manifests(results: Path) -> list[Manifest]:
    return [one for place in places(results) if (one := read_manifest(place)) is not None]


def finished(results: Path, fingerprints: set[str]) -> dict[Path, int]:
    """The results with these fingerprints, and when each was finished."""
    found = [(place, read_manifest(place)) for place in places(results)]
    return {
        place: (place / FILE).stat().st_mtime_ns
        for place, manifest in found
        if manifest is not None and manifest.fingerprint in fingerprints
    }


def inspect(results: Path, known: dict[str, dict[str, str]], toll: Toll) -> Toll:
    """Every manifest that there is must speak of whole files, and of those that an undisturbed run makes."""
    for place in places(results):
        manifest = read_manifest(place)
        if manifest is None:
            toll = toll._replace(found_missing=toll.found_missing + 1)
            continue
        assert manifest.intact(place), f"{place} is not what its manifest says"
        assert manifest.outputs == known[manifest.fingerprint], f"{place} is not what an undisturbed run makes"
        toll = toll._replace(found_whole=toll.found_whole + 1)
    for place in (results, results / "report"):
        manifest = read_manifest(place)
        assert manifest is None or manifest.intact(place), f"{place} is not what its manifest says"
    return toll


def compared(results: Path) -> Iterator[tuple[str, object]]:
    """All that a run leaves but for how long it took: images by their bytes, scores by their text."""
    for place in places(results):
        manifest = read_manifest(place)
        assert manifest is not None, f"{place} has no manifest"
        yield str(place.relative_to(results)), (manifest.fingerprint, manifest.outputs)
    for sheet in sorted(results.glob(f"*/{SHEET}")):
        yield str(sheet.relative_to(results)), hash_file(sheet)
    for place in (results, results / "report"):
        manifest = read_manifest(place)
        yield place.name, None if manifest is None else sorted(manifest.outputs)
    rows = (results / "metrics.csv").read_text().splitlines()
    yield "metrics.csv", [row.rsplit(",", 2)[0] for row in rows]  # without seconds and memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(survive(Path(folder), arguments.kills, arguments.seed, lambda toll: print(toll, flush=True)), "equal")


if __name__ == "__main__":
    main()
