"""One evaluation of stage one, against that of an earlier commit: `python -m tests.benchmarks.bench_evaluation COMMIT`.

Two processes, one with each commit's code, evaluate the same losses of the same image in turn, so that whatever else
the machine does slows both. Seconds are told as the clock has them and as the processor has them, which counts all
threads and is the steadier of the two where the machine is busy. Ratios are medians over pairs of neighbours.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

ROOT = Path(__file__).parents[2]
THREE_REGIONS = ROOT / "data" / "demo" / "alps-in-autumn"


class Took(NamedTuple):
    """One evaluation's seconds."""

    clock: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 175, 350])
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return _serve(arguments.serve, arguments.precision)
    with tempfile.TemporaryDirectory() as before:
        archive = subprocess.run(["git", "archive", arguments.commit], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "x", "-C", before], input=archive.stdout, check=True)
        columns = "px", "loss before", "now", "ms before", "now", "times faster", "by processor"
        print(" ".join(f"{column:>12}" for column in columns))
        for size in arguments.sizes:
            _compare(size, [_Evaluator(tree, size, arguments) for tree in (Path(before), ROOT)], arguments.times)
    return None


def _compare(size: int, evaluators: "list[_Evaluator]", times: int) -> None:
    took: list[list[Took]] = [[], []]
    for turn in range(times):
        for which in (0, 1) if turn % 2 else (1, 0):
            took[which].append(evaluators[which].evaluate())
    losses = [evaluator.loss for evaluator in evaluators]
    for evaluator in evaluators:
        evaluator.end()
    milliseconds = [1e3 * median(each.clock for each in one) for one in took]
    ratios = [median(before[k] / now[k] for before, now in zip(*took, strict=True)) for k in range(2)]
    texts = str(size), *(f"{value:.6f}" for value in losses), *(f"{value:.0f}" for value in milliseconds)
    print(" ".join(f"{text:>12}" for text in (*texts, *(f"{ratio:.2f}" for ratio in ratios))), flush=True)


class _Evaluator:
    """A process with the code of one tree."""

    def __init__(self, tree: Path, size: int, arguments: argparse.Namespace) -> None:
        argv = [sys.executable, __file__, arguments.commit, "--serve", str(size), "--precision", arguments.precision]
        environment = os.environ | {"PYTHONPATH": str(tree)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True)
        self.loss = float(self._answer()[0])

    def evaluate(self) -> Took:
        assert self._process.stdin is not None
        print("evaluate", file=self._process.stdin, flush=True)
        return Took(*map(float, self._answer()))

    def end(self) -> None:
        self._process.communicate()

    def _answer(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()


def _serve(size: int, precision: str) -> None:
    """Evaluates each time that a line comes in, with the code that this process was started with."""
    import torch

    from pipeline.dataset.inputs import load_inputs
    from pipeline.dataset.pairs import open_dataset
    from pipeline.networks.weights import load_encoder_weights
    from stages.features import Encoder
    from stages.features.resample import resample, resample_labels, shape_at, shape_of
    from stages.stylize import objective
    from stages.stylize.coarse_to_fine import load_pair

    objective.compute_dtype = lambda device: getattr(torch, precision)
    weights = load_encoder_weights("vgg16")
    encoder = Encoder(weights.tensors, weights.architecture, "cpu")
    (pair,) = (pair for pair in open_dataset(THREE_REGIONS.parent).pairs if pair.name == THREE_REGIONS.name)
    inputs = load_inputs(pair, 700)
    pair = load_pair(inputs.content, inputs.style, inputs.regions, encoder.device)
    shape, style_shape = (shape_at(shape_of(photo), size) for photo in (pair.content, pair.style))
    of_pair = objective.Objective(
        encoder,
        resample(pair.content, shape),
        resample(pair.style, style_shape),
        resample_labels(pair.content_labels, shape),
        resample_labels(pair.style_labels, style_shape),
        pair.count,
        {"style": 1.0, "content": 0.1},
    )
    image = resample(pair.content, shape).clone().requires_grad_(True)

    def evaluate() -> float:
        loss = torch.stack(list(of_pair.losses(image).values())).sum()
        torch.autograd.grad(loss, image)
        return loss.item()

    for _ in range(2):
        loss = evaluate()
    print(loss, flush=True)
    for _ in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        evaluate()
        print(time.perf_counter() - clock, time.process_time() - processor, flush=True)


if __name__ == "__main__":
    main()
