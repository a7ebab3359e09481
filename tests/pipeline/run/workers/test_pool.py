"""The processes that do a dataset's tasks, on stage-one images that need no network."""

import errno
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.compare.score_table import Row
from pipeline.dataset.opening import open_dataset
from pipeline.events.errors import CrowdedGpuError, NetworkError
from pipeline.events.progress import Event, Said, Underway
from pipeline.images.encoding import encode_tiff
from pipeline.networks.loaded import Network
from pipeline.run import performing
from pipeline.run.dataset import run_dataset
from pipeline.run.performing import perform
from pipeline.run.schedule import carry_out
from pipeline.run.task import PairTask, Task
from pipeline.run.workers import pool
from pipeline.run.workers.pool import Workers
from pipeline.settings.config import Config
from pipeline.steps.catalogue import COMPARISON, SUMMARIES
from pipeline.steps.segment import SEGMENT
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Made, Work
from pipeline.steps.stylize import STYLIZE
from pipeline.steps.summaries.view import VIEW
from pipeline.steps.summaries.written import read_scores, read_view
from pipeline.store.manifest import read_failure, read_manifest
from stages.smooth import NotEnoughMemoryError
from tests.pipeline.scenes import make_stylized_pairs, noise

PAIRS = ("hill", "lake", "moor")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three pairs with a stage-one image, and the folder of their results."""
    return make_stylized_pairs(tmp_path / "views", tmp_path / "results" / "views", PAIRS)


def tasks(folders: tuple[Path, Path]) -> list[PairTask]:
    dataset, results = folders
    pairs = open_dataset(dataset).pairs
    return [PairTask(pair, SMOOTH, Config(), results / pair.name, pair.name, False) for pair in pairs]


def smooth(folders: tuple[Path, Path], *options: str) -> int:
    return main(["smooth", str(folders[0]), "--results", str(folders[1].parent), *options])


def images(results: Path) -> dict[str, bytes]:
    return {str(path.relative_to(results)): path.read_bytes() for path in sorted(results.glob("*/smooth/*.png"))}


@pytest.fixture
def crew(folders: tuple[Path, Path]) -> Iterator[Workers]:
    with Workers(tasks(folders), Config(), perform, workers=1) as crew:
        yield crew
    assert multiprocessing.active_children() == []


def test_results_are_those_of_one_after_the_other_in_this_process(folders: tuple[Path, Path], crew: Workers) -> None:
    for task in tasks(folders):
        assert perform(task, Network(Config()), lambda advance: None).made
    alone = images(folders[1])
    assert len(alone) == 2 * len(PAIRS)
    forced = [task._replace(force=True) for task in tasks(folders)]
    ended = [(task.pair.name, outcome and outcome.made) for task, outcome in carry_out(forced, crew)]
    assert ended == [(pair, True) for pair in PAIRS]
    assert images(folders[1]) == alone


def test_one_that_is_killed_costs_one_pair_and_is_replaced(
    folders: tuple[Path, Path], crew: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_and_kill(task: Task) -> None:
        give(task)
        if task.pair.name == "lake":
            (worker,) = multiprocessing.active_children()
            worker.kill()

    give = crew.give
    monkeypatch.setattr(crew, "give", give_and_kill)
    outcomes = {task.pair.name: outcome for task, outcome in carry_out(tasks(folders), crew)}
    assert {pair: outcome.made for pair, outcome in outcomes.items() if outcome is not None} == {
        "hill": True,
        "lake": False,
        "moor": True,
    }
    assert outcomes["lake"] is not None
    assert "was killed, most likely for lack of memory: try a smaller --size" in outcomes["lake"].reason
    assert read_manifest(folders[1] / "lake" / "smooth") is None


def test_an_error_that_concerns_all_pairs_ends_the_run(folders: tuple[Path, Path]) -> None:
    nowhere = Config(device="mps" if sys.platform == "linux" else "cuda")
    with pytest.raises(NetworkError, match="not available here"), Workers([], nowhere, perform) as crew:
        list(carry_out([task._replace(step=STYLIZE, force=True) for task in tasks(folders)], crew))


def test_the_smooth_stage_and_its_worker_never_import_torch(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "without" / "torch").mkdir(parents=True)
    (tmp_path / "without" / "torch" / "__init__.py").write_text("raise AssertionError('torch was imported')")
    paths = os.pathsep.join([str(tmp_path / "without"), *filter(None, sys.path)])
    argv = [sys.executable, "-m", "pipeline.cli.main", "smooth", str(folders[0]), "--results", str(folders[1].parent)]
    ran = subprocess.run(argv, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert "3 made, 0 current, 0 failed" in ran.stderr


def test_what_failed_is_not_tried_again_until_something_changes_or_it_is_asked_for(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results = folders[1]
    whole = results / "lake" / "stylize" / "image.tiff"
    whole.write_bytes(encode_tiff(noise(0)[:9]))
    assert smooth(folders) == 1
    assert "2 made, 0 current, 1 failed" in capsys.readouterr().err

    def tried(*options: str) -> bool:
        """Whether lake was tried again, and failed again."""
        failure = results / "lake" / "smooth" / "failure.txt"
        before = failure.stat().st_mtime_ns
        assert smooth(folders, *options) == 1
        assert "lake smooth: " in (err := capsys.readouterr().err)
        again = failure.stat().st_mtime_ns != before
        assert ("(before; --retry-failed tries again)" in err) is not again
        return again

    assert not tried()
    assert tried("--retry-failed")
    assert tried("--smooth.lambda", "2")
    assert not tried("--smooth.lambda", "2")
    assert tried("--device", "cpu")
    assert tried("--force")
    whole.write_bytes(encode_tiff(noise(0)))
    assert smooth(folders) == 0
    assert read_failure(results / "lake" / "smooth") is None


@pytest.mark.parametrize(
    ("error", "of_the_machine", "spent"),
    [
        (CrowdedGpuError("its memory is full"), True, True),
        (NotEnoughMemoryError("needs 9 GB"), True, False),
        (OSError(errno.EIO, "Input/output error"), True, False),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True, False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), True, True),
        (ValueError("the stage-one image is 9x9"), False, False),
    ],
)
def test_what_is_the_machine_s_is_not_held_against_the_pair(
    folders: tuple[Path, Path], error: Exception, of_the_machine: bool, spent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(performing, "bring_up_to_date", fail)
    outcome = perform(tasks(folders)[0], Network(Config()), lambda advance: None)
    assert (outcome.error, outcome.tried == "", outcome.spent) == (type(error).__name__, of_the_machine, spent)


def test_a_worker_whose_cuda_is_broken_is_replaced(folders: tuple[Path, Path], crew: Workers) -> None:
    broken = SMOOTH._replace(make=break_cuda)
    first, second, _ = (task._replace(force=True) for task in tasks(folders))
    crew.give(first._replace(step=broken))
    (worker,) = multiprocessing.active_children()
    _, outcome = crew.wait()
    assert outcome.spent
    assert not worker.is_alive()
    crew.give(second)
    assert crew.wait()[1].made


def break_cuda(work: Work) -> Made:
    raise RuntimeError("CUDA error: device-side assert triggered")


@pytest.mark.workers
def test_from_python_events_tell_what_the_command_line_shows_and_nothing_is_printed(
    folders: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    events: list[Event] = []
    summary = run_dataset(folders[0], folders[1].parent, Config(), events.append, steps=[SMOOTH], workers=1)
    assert (summary.done, summary.kept, summary.failures) == (3, 0, ())
    assert summary.folder == folders[1]
    said = [event.text for event in events if isinstance(event, Said)]
    assert [line.split(":")[0] for line in said] == [f"[{n}/3] {pair} smooth" for n, pair in enumerate(PAIRS, start=1)]
    begun = [event.title for event in events if isinstance(event, Underway) and event.advance is None]
    assert begun.count("dataset") == begun.count("[1/3] hill smooth") == 2  # the beginning and the end
    assert capfd.readouterr() == ("", "")


@pytest.mark.workers
@pytest.mark.usefixtures("vgg16")
def test_results_are_the_same_on_any_number_of_workers(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Masks, stage two, scores and what the report shows, though each is made by whoever is free."""
    config, made, two = Config(size=48, encoder="vgg16", device="cpu"), list[dict[str, str]](), PAIRS[:2]
    for workers in (1, 2):
        results, tell = tmp_path / f"by_{workers}", list[Event]()
        shutil.copytree(folders[1], results / "views")
        steps = [SEGMENT, SMOOTH, *COMPARISON]
        summary = run_dataset(folders[0], results, config, tell.append, steps=steps, workers=workers, pairs=two)
        assert (summary.done, summary.failures) == (len(steps) * len(two) + len(SUMMARIES), ())
        said = [event.text for event in tell if isinstance(event, Said)]
        assert sum(line.startswith("encoder: vgg16 on cpu") for line in said) == 1  # which each worker loads
        assert sum(line.startswith("2 workers") for line in said) == (workers > 1)
        manifests = {path.parent: read_manifest(path.parent) for path in results.rglob("*/manifest.json")}
        made.append(
            {
                str(place.relative_to(results) / name): digest
                for place, manifest in manifests.items()
                if manifest is not None and place.name in {step.name for step in steps} - {"scores", VIEW.name}
                for name, digest in manifest.outputs.items()
            }
        )
        rows = [row.scores for pair in two for row in read_rows(results / "views" / pair)]
        made[-1]["scores"] = repr(rows)
        views = [read_view(results / "views" / pair) for pair in two]
        made[-1]["views"] = repr([view and view._replace(look_command="") for view in views])  # it names the folder
    assert len(made[0]) == len(two) * (len(SEGMENT.outputs) + len(SMOOTH.outputs)) + 2
    assert "None" not in made[0]["views"]
    assert made[0] == made[1]


def read_rows(folder: Path) -> tuple[Row, ...]:
    scores = read_scores(folder)
    assert scores is not None
    return scores.rows


def test_a_pair_waits_while_memory_is_short_and_none_waits_for_ever(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    hill, lake, _ = tasks(folders)
    need = hill.memory(10**12)
    for free, both in ((2 * need, True), (2 * need - 1, False), (1, False)):
        monkeypatch.setattr(pool, "free_memory", lambda free=free: free)
        with Workers([hill, lake], Config(), perform, workers=2) as crew:
            assert crew.free(hill)
            crew.give(hill)
            assert crew.free(lake) == both
            crew.wait()
            assert crew.free(lake)
