"""Runs that are interrupted or killed end cleanly; `tests/pipeline/run/test_kills.py` has how they go on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.usefixtures("vgg16")
Start = Callable[..., "subprocess.Popen[str]"]
LONG = ["--masks", "given", "--stylize.sizes", "48", "--stylize.evaluations", "100000", "--stylize.tolerance", "0"]


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
