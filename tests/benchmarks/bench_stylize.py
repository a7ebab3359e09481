"""Stage one against the paper's way.

`python -m tests.benchmarks.bench_stylize [CONTENT STYLE] [--seconds N] [--size N]`

The paper's way: the pixels, from noise, by L-BFGS at the full working size. Both have the same encoder and the same
style and content losses. What is reached is measured off the clock: those losses at the working size, and,
since a photograph is wanted, edge SSIM and style distance, as `photostyle compare` has them, of the image and of what
stage two makes of it. Ours is run anew for each of its rows, with so many evaluations, and timed from photos to
picture; the plain run is one, its best iterate so far looked at on the way.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

import torch

from pipeline.compare.metrics import Scorer
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config
from stages.arrays import Photo
from stages.features import Encoder
from stages.features.resample import to_tensor
from stages.settings import Smooth, Stylize
from stages.smooth import find_anchor, find_target, smooth
from stages.stylize import Iterate, stylize
from stages.stylize.coarse_to_fine import descend
from stages.stylize.objective import Objective
from stages.stylize.on_device import load_pair
from stages.stylize.pixels import Pixels

DEMO = Path(__file__).parents[2] / "data" / "demo" / "pagoda-at-dusk"
OURS = Stylize()
WEIGHTS = {"style": OURS.style_weight, "content": OURS.content_weight}
SHARES = (1 / 8, 1 / 4, 1 / 2, 1)
"""Of our evaluations, and of the plain run's seconds, after which a row is made."""
PLAIN_EVALUATIONS = 1000
"""As many as the paper's."""


class Row(NamedTuple):
    """What a run has reached after some time."""

    seconds: float
    evaluations: int
    loss: float
    edges: float
    style: float
    smoothed_edges: float
    smoothed_style: float


class _OutOfTimeError(Exception):
    """The plain run has had its seconds."""


def main() -> None:
    pair, size, seconds = _arguments()
    inputs = load_inputs(pair, size)
    encoder = Network(Config()).encoder
    judge = _judge(inputs, encoder)
    height, width, _ = inputs.content.shape
    where = f"{encoder.architecture} on {encoder.device}, {torch.get_num_threads()} threads"
    photos = f"{_short(pair.content)} in the look of {_short(pair.style)}"
    print(f"{photos}\n{width} x {height}, {inputs.regions.count} regions, {where}\n")
    _ours(inputs, encoder, 1)  # the first use of anything is slow
    ours = _report("stage one, as it comes", (judge(*run) for run in _our_runs(inputs, encoder)))
    plain = _report("pixels from noise, full size", (judge(*run) for run in _plain_run(inputs, encoder, seconds)))
    for measure, name in (("smoothed_style", "style distance after stage two"), ("loss", "loss")):
        print(_verdict(name, *([(row.seconds, getattr(row, measure)) for row in rows] for rows in (ours, plain))))


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _arguments() -> tuple[Pair, int, float]:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_stylize")
    parser.add_argument("photos", nargs="*", type=Path, metavar="CONTENT STYLE", help="default: a pair of the demo")
    parser.add_argument("--seconds", type=float, default=300, help="of the plain run, at most (default: %(default)s)")
    parser.add_argument("--size", type=int, default=Config().size, help="long edge in pixels (default: %(default)s)")
    given = parser.parse_args()
    if len(given.photos) not in (0, 2):
        parser.error("give a content photo and a style photo, or none")
    demo = Pair("demo", DEMO / "content.jpg", DEMO / "style.jpg", DEMO / "content_mask.png", DEMO / "style_mask.png")
    return Pair("given", *given.photos) if given.photos else demo, given.size, given.seconds


def _our_runs(inputs: Inputs, encoder: Encoder) -> Iterator[tuple[float, int, Photo]]:
    for share in SHARES:
        yield _ours(inputs, encoder, round(share * sum(OURS.evaluations)))


def _ours(inputs: Inputs, encoder: Encoder, evaluations: int) -> tuple[float, int, Photo]:
    """Stage one with its first so many evaluations: seconds, evaluations it took, image."""
    begun = [sum(OURS.evaluations[:scale]) for scale in range(len(OURS.sizes))]
    scales = [
        (size, min(most, evaluations - before))
        for size, most, before in zip(OURS.sizes, OURS.evaluations, begun, strict=True)
        if before < evaluations
    ]
    sizes, budgets = zip(*scales, strict=True)
    settings = Stylize(sizes=sizes, evaluations=budgets)
    start = perf_counter()
    result = stylize(inputs.content, inputs.style, encoder, regions=inputs.regions, settings=settings)
    return perf_counter() - start, result.evaluations, result.image


def _plain_run(inputs: Inputs, encoder: Encoder, seconds: float) -> list[tuple[float, int, Photo]]:
    """Seconds, evaluations and the best image so far, at each share of the time and at the end."""
    reached: list[tuple[float, int, Photo]] = []
    best, image = float("inf"), inputs.content
    start = perf_counter()
    pair = load_pair(inputs.content, inputs.style, inputs.regions, encoder.device)
    noise = torch.rand(pair.content.shape, generator=torch.Generator().manual_seed(OURS.seed)).to(encoder.device)
    pixels = Pixels(torch.zeros_like(pair.content), change=noise)
    settings = Stylize(tolerance=0)

    def look(iterate: Iterate) -> None:
        nonlocal best, image
        if iterate.loss < best:
            best, image = iterate.loss, pixels.image().detach()[0].permute(1, 2, 0).cpu().numpy().copy()
        elapsed = perf_counter() - start
        if elapsed >= SHARES[len(reached)] * seconds or iterate.step == iterate.total:
            reached.append((elapsed, iterate.step, image))
        if elapsed >= seconds:
            raise _OutOfTimeError

    scales = [(max(inputs.content.shape), PLAIN_EVALUATIONS)]
    with suppress(_OutOfTimeError):
        descend(pair, pixels, encoder, settings, scales, look, None)
    return reached


def _judge(inputs: Inputs, encoder: Encoder) -> Callable[[float, int, Photo], Row]:
    scorer = Scorer(inputs.content, inputs.style, inputs.regions, encoder)
    pair = load_pair(inputs.content, inputs.style, inputs.regions, encoder.device)
    objective = Objective(
        encoder, pair.content, pair.style, pair.content_labels, pair.style_labels, pair.count, WEIGHTS
    )

    def judge(seconds: float, evaluations: int, image: Photo) -> Row:
        with torch.no_grad():
            losses = objective.losses(to_tensor(image.clip(0, 1), encoder.device))
        loss = sum(value.item() for value in losses.values())
        stylized, settings = image.clip(0, 1), Smooth()
        anchor = find_anchor(inputs.content, inputs.style, inputs.regions)
        target = find_target(stylized, anchor, inputs.content, settings.emphasis, inputs.regions)
        smoothed = smooth(inputs.content, target, settings.lam, settings.mu, anchor).image
        scores = [scorer.score(one) for one in (image, smoothed)]
        quality = [value for one in scores for value in (one.edge_ssim, one.style_distance)]
        return Row(seconds, evaluations, loss, *quality)

    return judge


def _report(title: str, rows: Iterator[Row]) -> list[Row]:
    print(f"{title:56}{'as it is':^16}   {'after stage two':^16}")
    columns = "seconds", "evaluations", "loss", "edges", "style", "edges", "style"
    print("{:>30} {:>12} {:>11} {:>8} {:>7}   {:>8} {:>7}".format(*columns))
    told = []
    for row in rows:
        print("{:30.1f} {:12} {:11.4f} {:8.3f} {:7.3f}   {:8.3f} {:7.3f}".format(*row), flush=True)
        told.append(row)
    print()
    return told


def _verdict(name: str, ours: list[tuple[float, float]], plain: list[tuple[float, float]]) -> str:
    """When ours first reaches the best that the plain run reached; (seconds, value) each, lower is better."""
    target, theirs = min((value, seconds) for seconds, value in plain)
    reached = f"The plain run's best {name}, {target:.4f} after {theirs:.1f} s:"
    first = next((seconds for seconds, value in ours if value <= target), None)
    if first is None:
        return f"{reached} ours does not reach it; its best is {min(value for _, value in ours):.4f}."
    return f"{reached} ours is there after {first:.1f} s, {theirs / first:.1f} times sooner."


if __name__ == "__main__":
    main()
