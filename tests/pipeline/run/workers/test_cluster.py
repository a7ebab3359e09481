"""The cluster's crew; and a Ray cluster of three nodes of which one dies."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.encoding import encode_tiff
from pipeline.run.task import ClusterError
from pipeline.run.workers.cluster import Cluster
from pipeline.settings.config import Config
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import PROCESS
from stages.settings import Smooth, Solver
from stages.smooth.solvers import cholesky, conjugate_gradients
from stages.smooth.solvers.choice import bytes_by_solver

PAIRS = 12
STAGES = ("stylize", "smooth")
without_ray = importlib.util.find_spec("ray") is None
needs_ray = pytest.mark.skipif(without_ray, reason="Ray is not here: pip install 'photostyle[cluster]'")


def memory_for(folder: Path, solver: Solver, most: int) -> int:
    """What stage two reckons with beside its process."""
    (folder / "stylize").mkdir(exist_ok=True)
    (folder / "stylize" / "image.tiff").write_bytes(encode_tiff(np.full((300, 400, 3), 0.5, np.float32)))
    return SMOOTH.memory(folder, Config(smooth=Smooth(solver=solver)), most + PROCESS) - PROCESS


def test_stage_two_reserves_the_memory_that_its_own_solver_reckons_with(tmp_path: Path) -> None:
    by_factor, by_iteration = cholesky.estimated_bytes(300, 400), conjugate_gradients.estimated_bytes(300, 400)
    assert by_iteration < by_factor
    assert memory_for(tmp_path, "auto", most=by_factor) == by_factor
    assert memory_for(tmp_path, "auto", most=by_factor - 1) == by_iteration
    assert memory_for(tmp_path, "cg", most=by_factor) == by_iteration
    by_pardiso = bytes_by_solver(300, 400)["pardiso"]
    assert by_pardiso > by_factor
    assert memory_for(tmp_path, "pardiso", most=by_pardiso) == by_pardiso
    assert memory_for(tmp_path, "cholesky", most=1000) == 1000  # what is nowhere would never start
    assert SMOOTH.memory(tmp_path / "other", Config(), PROCESS + by_factor) == PROCESS


@needs_ray
@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_of_a_gpu_is_a_share(share: float) -> None:
    with pytest.raises(ClusterError, match="above 0 and at most 1"):
        Cluster("auto", share, Config())


@pytest.mark.skipif(not without_ray, reason="Ray is here")
def test_without_ray_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"pip install 'photostyle\[cluster\]'"):
        Cluster("auto", 1.0, Config())


@needs_ray
@pytest.mark.cluster
@pytest.mark.parametrize("gpus", [0, 1])
def test_a_node_that_dies_has_its_work_done_elsewhere_and_nothing_is_written_twice(
    tmp_path: Path, gpus: int, vgg16: None
) -> None:
    """With GPUs, which need not be there for Ray to reckon with them, actors do stage one, and one of them dies."""
    environment = os.environ | {"RAY_raylet_start_wait_time_s": "120", "RAY_USAGE_STATS_ENABLED": "0"}
    argv = [sys.executable, "-m", "tests.pipeline.run.workers.node_death", str(tmp_path), "--pairs", str(PAIRS)]
    argv += ["--gpus", str(gpus)]
    ran = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout.splitlines()[-1])
    assert seen["failures"] == []
    assert seen["results"] == len(STAGES) * PAIRS
    assert PAIRS // 3 <= seen["there_at_the_kill"][0] < len(STAGES) * PAIRS
    assert seen["versions"] == {f"pair{number:02}/{stage}": 1 for number in range(PAIRS) for stage in STAGES}
    assert seen["code"] == 0  # a further lambda of one pair, by the command line

    alone, some = tmp_path / "alone", ["pair01", "pair06", "pair11"]
    for pair in some:  # stage one's last bits are the nodes' own, stage two's are the same everywhere
        shutil.copytree(tmp_path / "out" / "trip" / pair / "stylize", alone / "trip" / pair / "stylize")
    argv = ["smooth", str(tmp_path / "trip"), "--results", str(alone), "--pairs", *some]
    assert main(argv) == 0
    for pair in some:
        image = Path("trip", pair, "smooth", "image16.png")
        assert (alone / image).read_bytes() == (tmp_path / "out" / image).read_bytes()
