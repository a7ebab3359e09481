"""How well stage one, and a whole dataset, use the GPU: `python -m tests.benchmarks.bench_gpu [--pairs N]`.

With `--optimisers N ...`, only the dataset is measured, once with each of these numbers of processes that optimise.

One evaluation of stage one, at 350 px with three regions, in both precisions: its time, beside the time that the
arithmetic alone would take at the speed of a large matrix product on the same device; its kernels, and how long the
device is busy. Then stage one of a pair, from arrays to array, and by how much it differs when it is made twice. Then
a dataset of the demo's photos, contents and styles combined, through all stages and scores, after a first run that
compiles what it needs. Where there is no GPU, all this is measured on the CPU, with fewer and smaller pairs. It takes
under five minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice, product
from math import isnan
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

import numpy as np
import torch
from numpy.typing import NDArray
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from pipeline.dataset.inputs import InputError, Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.networks.weights import load_encoder_weights
from pipeline.store.manifest import read_manifest
from stages.colour.match import match_colours
from stages.features import Encoder, best_device
from stages.features.device import compute_dtype, cuda_fault
from stages.features.resample import shape_at, shape_of
from stages.settings import Stylize
from stages.stylize import objective, stylize
from stages.stylize.coarse_to_fine import losses_at
from stages.stylize.evaluation import Losses, evaluation_of
from stages.stylize.on_device import load_pair
from stages.stylize.optimise import Method, minimise
from stages.stylize.pixels import Pixels

DEMO = Path(__file__).parents[2] / "data" / "demo"
THREE_REGIONS = "alps-in-autumn"
SIZE = 350
SETTINGS = Stylize()
STAGES = "stylize", "smooth", "onestage", "scores"


class Row(NamedTuple):
    """One evaluation in one precision."""

    precision: str
    milliseconds: float
    optimised: float
    """Milliseconds with the optimiser's share and that of the recording."""
    kernels: int
    """On a CPU, calls of PyTorch's operations."""
    busy: float
    """Milliseconds of the GPU's work."""
    gflop: float
    limit: float
    """Milliseconds that the arithmetic takes at the speed of a large matrix product; of float32 on a GPU, one in TF32,
    which cuDNN's convolutions take."""
    peak: float
    """MiB of the GPU's memory."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, help="of the dataset; 40 on a GPU, 2 on a CPU")
    parser.add_argument("--optimisers", type=int, nargs="+", help="processes that optimise on a GPU; the dataset alone")
    asked = parser.parse_args()
    device = best_device("auto")
    on_gpu = device.type == "cuda"
    pairs, size = asked.pairs or (40 if on_gpu else 2), 700 if on_gpu else 350
    name = torch.cuda.get_device_name() if on_gpu else f"the CPU, {torch.get_num_threads()} threads: {cuda_fault()}"
    print(f"measured on {name}; torch {torch.__version__}\n", flush=True)
    if asked.optimisers:
        _measure_first_run()
        for optimisers in asked.optimisers:
            _measure_dataset(pairs, size, on_gpu, optimisers)
        return
    weights = load_encoder_weights("vgg16")
    encoder = Encoder(weights.tensors, weights.architecture, device)
    usual = compute_dtype(device)
    print(f"one evaluation at {SIZE} px, {THREE_REGIONS}, {weights.architecture}; stage one takes {_short(usual)} here")
    columns = "ms", "with L-BFGS", "kernels", "busy ms", "GFLOP", "limit ms", "peak MiB"
    print(f"{'':>10} " + " ".join(f"{column:>11}" for column in columns))
    for dtype in (torch.bfloat16, torch.float32):
        objective.compute_dtype = lambda device, dtype=dtype: dtype  # type: ignore[assignment]
        row = _measure(encoder, dtype, 200 if on_gpu else 3)
        told = ("-" if isnan(value) else f"{value:.4g}" for value in row[1:])
        print(f"{row.precision:>10} " + " ".join(f"{text:>11}" for text in told), flush=True)
    objective.compute_dtype = compute_dtype
    _measure_pair(encoder)
    _measure_first_run()
    _measure_dataset(pairs, size, on_gpu)


def _measure(encoder: Encoder, dtype: torch.dtype, times: int) -> Row:
    device, on_gpu = encoder.device, encoder.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    pixels, losses = _problem(encoder)

    def compute() -> None:
        torch.autograd.grad(torch.stack(list(losses().values())).sum(), pixels.change)

    evaluate = evaluation_of(losses, pixels.change, print)
    milliseconds = _milliseconds(lambda: evaluate().values.tolist(), times)
    began = perf_counter()
    method = Method(SETTINGS.optimizer, SETTINGS.learning_rate, tolerance=0)
    _, used = minimise(pixels.change, losses, times, method, size=SIZE, done=0, total=times, on_iterate=None)
    optimised = 1e3 * (perf_counter() - began) / used
    peak = torch.cuda.max_memory_allocated() / 2**20 if on_gpu else float("nan")
    kernels, busy = _kernels(compute, on_gpu)
    with FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: _flop_of_addmm}) as counter:
        compute()
    flop = counter.get_total_flops()
    limit = 1e3 * flop / _matmul_speed(device, dtype)
    return Row(_short(dtype), milliseconds, optimised, kernels, busy, flop / 1e9, limit, peak)


def _flop_of_addmm(added: torch.Size, left: torch.Size, right: torch.Size, **others: object) -> int:
    """Which PyTorch doesn't count in place, from shapes."""
    return 2 * left[0] * left[1] * right[1]


def _problem(encoder: Encoder) -> tuple[Pixels, Losses]:
    """Stage one's losses at one size, as `descend` has them."""
    inputs = _inputs()
    pair = load_pair(inputs.content, inputs.style, inputs.regions, encoder.device)
    pixels = Pixels(pair.content)
    pixels.resize(shape_at(shape_of(pair.content), SIZE))
    return pixels, losses_at(SIZE, pair, pixels, encoder, SETTINGS)


def _inputs() -> Inputs:
    return load_inputs(next(pair for pair in open_dataset(DEMO).pairs if pair.name == THREE_REGIONS), 700)


def _milliseconds(call: Callable[[], object], times: int) -> float:
    call()  # the first use of anything is slow
    began = perf_counter()
    for _ in range(times):
        call()
    return 1e3 * (perf_counter() - began) / times


def _kernels(compute: Callable[[], object], on_gpu: bool) -> tuple[int, float]:
    """Of one evaluation, launched one by one: the GPU's kernels and their milliseconds; on a CPU, PyTorch's calls."""
    compute()
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as profiler:
        compute()
        if on_gpu:
            torch.cuda.synchronize()
    if not on_gpu:
        return sum(event.name.startswith("aten::") for event in profiler.events()), float("nan")
    kernels = [event for event in profiler.events() if event.device_type == torch.autograd.DeviceType.CUDA]
    return len(kernels), sum(event.time_range.elapsed_us() for event in kernels) / 1e3


def _matmul_speed(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of the product of two large square matrices."""
    n = 8192 if device.type == "cuda" else 1024
    A = torch.rand(n, n, device=device).to(dtype)

    def multiply() -> None:
        (A @ A)[0, 0].item()  # waits for it

    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    milliseconds = min(_milliseconds(multiply, 3) for _ in range(3))
    torch.set_float32_matmul_precision("highest")
    return 2e3 * n**3 / milliseconds


def _measure_pair(encoder: Encoder) -> None:
    inputs = _inputs()

    def make() -> NDArray[np.float32]:
        return stylize(inputs.content, inputs.style, encoder, regions=inputs.regions, settings=SETTINGS).image

    first = make()  # of anything, the first use is slow
    began = perf_counter()
    apart = np.abs(make() - first)
    seconds = perf_counter() - began
    began = perf_counter()
    match_colours(inputs.content, inputs.regions.content, inputs.style, inputs.regions.style, inputs.regions.count)
    of_match = perf_counter() - began
    print(f"\nstage one of that pair, from arrays to array: {seconds:.2f} s, {of_match:.2f} s of it the colour match")
    print(f"made twice, it differs by {apart.mean():.2g} in the mean and by {apart.max():.2g} at most")


SO_MANY = """
import sys
from pipeline.cli.main import main
from pipeline.run.workers import pool
pool.optimisers_for = lambda *machine: {}
sys.exit(main(sys.argv[1:]))
"""
"""The command line, with another number of processes that optimise on a GPU."""


def _measure_first_run() -> None:
    """Of one small pair: what is compiled in it is there for all others."""
    with tempfile.TemporaryDirectory() as folder:
        root, results = Path(folder, "photos"), Path(folder, "results")
        _make_dataset(root, 1)
        seconds, _ = _run(root, results, 64, None)
    print(f"\nthe first run, of one pair at 64 px, while numba compiles what is new to it: {seconds:.0f} s", flush=True)


def _run(root: Path, results: Path, size: int, optimisers: int | None) -> tuple[float, str]:
    """Seconds, and what the run says of itself."""
    program = ["-m", "pipeline.cli.main"] if optimisers is None else ["-c", SO_MANY.format(optimisers)]
    argv = [sys.executable, *program, "run", str(root), "--results", str(results)]
    began = perf_counter()
    run = subprocess.run([*argv, "--encoder", "vgg16", "--size", str(size)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    return perf_counter() - began, run.stderr


def _measure_dataset(count: int, size: int, on_gpu: bool, optimisers: int | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, results = Path(folder, "photos"), Path(folder, "results")
        _make_dataset(root, count)
        with _watched(on_gpu) as seen:
            seconds, said = _run(root, results, size, optimisers)
        of_stage = defaultdict(list)
        for pair, stage in product((results / root.name).iterdir(), STAGES):
            if manifest := read_manifest(pair / stage):
                of_stage[stage].append(manifest.facts)
    pace = f"{seconds:.0f} s, {60 * count / seconds:.1f} pairs a minute"
    print(f"\n{count} pairs at {size} px through all stages and scores: {pace}")
    for line in said.splitlines():
        if " that optimise on the GPU" in line or "workers for" in line or line.startswith("note:"):
            print(line)
    for stage, facts in of_stage.items():
        peak = max(each.get("process_peak_mib", 0) for each in facts)
        print(f"{stage:>10}: {mean(each['seconds'] for each in facts):6.2f} s a pair, process of {peak} MiB at most")
    at_work = [k for k, (busy, _) in enumerate(seen) if busy]
    if at_work:
        busy, used = zip(*seen[at_work[0] : at_work[-1] + 1], strict=True)
        print(
            f"the GPU is busy {mean(busy):.0f} % of the {len(busy)} s from its first work to its last, "
            f"and {max(used):.0f} MiB of its memory are used at most"
        )
    elif on_gpu:
        print("how busy the GPU is could not be found out: nvidia-smi does not tell")


def _make_dataset(root: Path, count: int) -> None:
    """Pairs of the demo's contents and styles with their masks, every content with every style that suits it."""
    demo, suited = open_dataset(DEMO).pairs, []
    for content, style in product(demo, demo):
        with suppress(InputError):  # their masks have no class in common
            load_inputs(pair := content._replace(style=style.style, style_mask=style.style_mask), 64)
            suited.append(pair)
    for number, pair in enumerate(islice(cycle(suited), count)):
        folder = root / f"pair{number}"
        folder.mkdir(parents=True)
        for file in pair.files():
            shutil.copy(file, folder)


@contextmanager
def _watched(on_gpu: bool) -> Iterator[list[tuple[float, float]]]:
    """Percent of the time that the GPU is busy, and MiB that are used, as nvidia-smi has them, once a second."""
    seen: list[tuple[float, float]] = []
    over = threading.Event()
    query = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "--id=0"]

    def watch() -> None:
        with suppress(OSError, ValueError, subprocess.CalledProcessError):  # not installed, or of a share of a GPU
            while not over.wait(1.0):
                busy, used = subprocess.run(query, check=True, capture_output=True, text=True).stdout.split(",")
                seen.append((float(busy), float(used)))

    watcher = threading.Thread(target=watch)
    if on_gpu:
        watcher.start()
    yield seen
    over.set()
    if on_gpu:
        watcher.join()


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


if __name__ == "__main__":
    main()
