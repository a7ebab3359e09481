"""Stage one, against that of an earlier commit: `python -m tests.benchmarks.bench_evaluation COMMIT`.

Both commits' code takes turns, so that whatever else the machine does slows both. A turn is one evaluation of the
losses of the demo's alps (three regions), optimiser included; by `--whole`, all of stage one for them as it comes, from
arrays to array; by `--dataset`, the demo from the command line: `stylize`, then `smooth`.

Seconds are told as the clock has them and as the processor has them, which counts all threads and is the steadier of
the two where the machine is busy. Ratios are medians over pairs of neighbours.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple, Self

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

import numpy as np

ROOT = Path(__file__).parents[2]
DEMO, THREE_REGIONS = ROOT / "data" / "demo", "alps-in-autumn"


class Took(NamedTuple):
    """Seconds of a turn."""

    clock: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 175, 350])
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--dataset", action="store_true")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return _serve(*arguments.serve, arguments.precision)
    with tempfile.TemporaryDirectory() as folder:
        before, arrays = Path(folder, "before"), Path(folder, "arrays.npz")
        before.mkdir()
        archive = subprocess.run(["git", "archive", arguments.commit], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "x", "-C", before], input=archive.stdout, check=True)
        _save(arrays)
        columns = "", "first loss", "now", "s before", "now", "CPU before", "now", "times faster", "by processor"
        print(" ".join(f"{column:>12}" for column in columns))
        if arguments.dataset:
            _compare("dataset", [_CommandLine(tree) for tree in (before, ROOT)], arguments.turns)
        for task in () if arguments.dataset else ["whole"] if arguments.whole else map(str, arguments.sizes):
            with ExitStack() as stack:
                both = [_Process(tree, task, arrays, arguments.precision) for tree in (before, ROOT)]
                _compare(task, [stack.enter_context(one) for one in both], arguments.turns)
    return None


def _compare(task: str, both: "Sequence[_Process | _CommandLine]", turns: int) -> None:
    took: list[list[Took]] = [[], []]
    for turn in range(turns):
        for which in (0, 1) if turn % 2 else (1, 0):
            took[which].append(both[which].turn())
    medians = [median(each[k] for each in one) for k in range(2) for one in took]
    ratios = [median(before[k] / now[k] for before, now in zip(*took, strict=True)) for k in range(2)]
    texts = task, *(f"{one.loss:.6f}" for one in both), *(f"{value:.3f}" for value in medians)
    print(" ".join(f"{text:>12}" for text in (*texts, *(f"{ratio:.2f}" for ratio in ratios))), flush=True)


class _Process:
    """One with the code of a tree, which takes a turn each time that it is sent a line."""

    def __init__(self, tree: Path, task: str, arrays: Path, precision: str) -> None:
        argv = [sys.executable, __file__, "-", "--serve", task, str(arrays), "--precision", precision]
        environment, pipe = os.environ | {"PYTHONPATH": str(tree)}, subprocess.PIPE
        self._process = subprocess.Popen(argv, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True)
        self.loss = float("nan")

    def __enter__(self) -> Self:
        self.loss = float(self._answer()[0])
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def turn(self) -> Took:
        assert self._process.stdin is not None
        print("turn", file=self._process.stdin, flush=True)
        _, *took = self._answer()
        return Took(*map(float, took))

    def _answer(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()


class _CommandLine:
    """That of a tree."""

    loss = float("nan")

    def __init__(self, tree: Path) -> None:
        self._tree = tree

    def turn(self) -> Took:
        module = "pipeline.cli.main" if (self._tree / "pipeline" / "cli").is_dir() else "pipeline.cli"
        with tempfile.TemporaryDirectory() as results:
            clock, processor = time.perf_counter(), _of_children()
            for command in ("stylize", "smooth"):
                argv = [sys.executable, "-m", module, command, DEMO, "--results", results]
                environment = os.environ | {"PYTHONPATH": str(self._tree)}
                subprocess.run(argv, cwd=self._tree, env=environment, check=True, capture_output=True)
            return Took(time.perf_counter() - clock, _of_children() - processor)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _save(arrays: Path) -> None:
    """What both begin with, so that neither has to read it its own way."""
    from pipeline.dataset.loading import load_inputs
    from pipeline.dataset.opening import open_dataset
    from pipeline.networks.weights import load_encoder_weights

    inputs = load_inputs(next(pair for pair in open_dataset(DEMO).pairs if pair.name == THREE_REGIONS), 700)
    labels = {"content_labels": inputs.regions.content, "style_labels": inputs.regions.style}
    weights = load_encoder_weights("vgg16").tensors
    np.savez(arrays, content=inputs.content, style=inputs.style, **labels, **weights)


def _serve(task: str, path: str, precision: str) -> None:
    """Takes a turn, tells of it, and waits for a line, until none comes."""
    import torch

    from stages.segment import Regions
    from stages.settings import Stylize
    from stages.stylize import Iterate, objective, stylize

    try:
        from stages.features import Encoder
    except ModuleNotFoundError:  # the first version
        from stages.stylize import Encoder
    objective.compute_dtype = lambda device: getattr(torch, precision)
    arrays = np.load(path)
    regions = Regions(
        *(arrays[f"{side}_labels"] for side in ("content", "style")), arrays["content_labels"].max() + 1, ()
    )
    encoder = Encoder({name: arrays[name] for name in arrays if "conv" in name}, "vgg16", "cpu")
    began = [0.0, 0.0]

    def begin() -> None:
        began[:] = time.perf_counter(), time.process_time()

    def end(loss: float) -> None:
        print(loss, time.perf_counter() - began[0], time.process_time() - began[1], flush=True)
        if not sys.stdin.readline():
            raise EOFError
        begin()

    def see(iterate: Iterate) -> None:
        end(iterate.loss)

    def make(settings: Stylize, on_iterate: Callable[[Iterate], None] | None) -> float:
        made = stylize(
            arrays["content"], arrays["style"], encoder, regions=regions, settings=settings, on_iterate=on_iterate
        )
        return sum(made.losses.values())

    begin()
    with suppress(EOFError):
        while True:
            if task == "whole":
                end(make(Stylize(), None))
            else:
                make(Stylize(sizes=(int(task),), evaluations=(10**6,), tolerance=0.0), see)


if __name__ == "__main__":
    main()
