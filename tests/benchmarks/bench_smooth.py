"""Stage two against its rivals: `python -m tests.benchmarks.bench_smooth [image]`; the ratios are what matters.

Each measurement runs in a process of its own, one at a time, so that peak memory is honest, and ours before and after
the rival, which takes long. Kernels are compiled, cached and loaded beforehand. Memory is the process's peak, libraries
and all; in the table against pixels, what it is above that of a tiny image. That table is of a free photo of 12
megapixels, which is fetched once; without it, of the image enlarged, which is easier to solve than a photo.
"""

import io
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.run.memory import peak_memory
from stages.settings import Solver
from tests.stages.smooth.factors import has_mkl

LONG_EDGE = 700
SCALES = (390, 700, 1225, 2120, 4272)  # long edges in pixels: 0.1 to 12 megapixels
LARGE = "sunset"  # of the wallpapers
BOTH = 2120  # at this long edge, conjugate gradients are set beside the factor
DEMO = Path(__file__).parents[2] / "data" / "demo"
Photo = NDArray[np.floating]


class Measured(NamedTuple):
    seconds: dict[str, float]
    peak: int  # bytes


def main() -> None:
    if len(sys.argv) > 2:
        sys.exit("usage: python -m tests.benchmarks.bench_smooth [image]")
    source, photo = _photo(sys.argv[1] if len(sys.argv) == 2 else None)
    _run(_ours, _at(photo, 32))  # compile, where nothing is cached
    _report_assembly(source, _at(photo, LONG_EDGE))
    _report_stage(_at(photo, LONG_EDGE))
    _report_scaling(*_large(photo))


def _report_assembly(source: str, content: Photo) -> None:
    height, width, _ = content.shape
    seconds = _run(_assemblies, content).seconds
    print(f"{source}, {width} x {height}\n\nAssembly of the Matting Laplacian")
    theirs = seconds["pymatting cf_laplacian"]
    for name, value in seconds.items():
        print(f"  {name:46} {value * 1e3:8.1f} ms {theirs / value:7.1f} x faster")


def _report_stage(content: Photo) -> None:
    ways = {"ours": _ours} | ({"ours, by MKL": _by_pardiso} if has_mkl() else {})
    before = {name: _run(way, content) for name, way in ways.items()}
    fastphotostyle, pymatting, iterated = (_run(way, content) for way in (_fastphotostyle, _pymatting, _iterated))
    after = {name: _run(way, content) for name, way in ways.items()}
    print("\nAll of stage two, three channels")
    seconds, peak = fastphotostyle.seconds["whole"], fastphotostyle.peak
    print(f"  {'FastPhotoStyle: numpy + SuperLU':46} {seconds:8.2f} s          {peak / 1e6:8.0f} MB")
    for name in ways:
        _print_steps(name, _best(before[name], after[name]), fastphotostyle)
    best = _best(before["ours"], after["ours"]).seconds
    print("\nThe same by conjugate gradients")
    theirs = pymatting.seconds["whole"]
    for name, run in (("pymatting: CG + incomplete Cholesky", pymatting), ("ours: CG, two levels", iterated)):
        seconds, residual = run.seconds["whole"], run.seconds["residual"]
        faster = f"{theirs / seconds:7.1f} x faster"
        print(f"  {name:46} {seconds:8.2f} s {faster} {run.peak / 1e6:8.0f} MB, residual {residual:.0e}")
    print(f"  {'ours: factor, residual 1e-9':46} {best['whole']:8.2f} s {theirs / best['whole']:7.1f} x faster")


def _best(one: Measured, other: Measured) -> Measured:
    return Measured(
        {step: min(one.seconds[step], other.seconds[step]) for step in one.seconds}, min(one.peak, other.peak)
    )


def _print_steps(name: str, run: Measured, rival: Measured) -> None:
    for step in ("whole", "whole, next image of the size", "further lambda"):
        seconds = run.seconds[step]
        print(f"  {f'{name}: {step}':46} {seconds:8.2f} s {rival.seconds['whole'] / seconds:7.1f} x faster")
    print(f"  {f'{name}: memory':46} {'':19} {run.peak / 1e6:8.0f} MB, {run.peak / rival.peak:.0%}")
    steps = ("assemble", "analyse", "factor", "solve")
    print("  of which", ", ".join(f"{step} {run.seconds[step]:.3f} s" for step in steps))


def _report_scaling(source: str, photo: Photo) -> None:
    print(f"\nCost against pixels, {source}")
    pixels, seconds, memory = [], [], []
    base = _run(_whole, _at(photo, 32)).peak
    for edge in SCALES:
        content = _at(photo, edge).astype(np.float32)
        run = _run(_whole, content)
        pixels.append(content.shape[0] * content.shape[1])
        seconds.append(run.seconds["whole"])
        memory.append(run.peak - base)
        _print_cost(pixels[-1], run, base)
        if edge == BOTH:
            _print_cost(pixels[-1], _run(_iterated, content), base)
    exponents = [np.polyfit(np.log(pixels), np.log(costs), 1)[0] for costs in (seconds, memory)]
    print(f"  time ~ pixels^{exponents[0]:.2f}, memory ~ pixels^{exponents[1]:.2f}, by the solver that memory allows")


def _print_cost(pixels: int, run: Measured, base: int) -> None:
    seconds, estimate = run.seconds["whole"], run.seconds["estimated bytes"]
    how = f"CG, {run.seconds['iterations']:.0f} iterations" if run.seconds["iterations"] else "factor"
    memory = f"{(run.peak - base) / 1e6:8.0f} MB (estimated {estimate / 1e6:.0f} MB)"
    print(f"  {pixels / 1e6:6.2f} MP {seconds:8.2f} s {memory}, {how}", flush=True)


def _assemblies(content: Photo) -> dict[str, float]:
    from pymatting import cf_laplacian

    from stages.smooth.matting_laplacian import matting_laplacian, matting_stencil
    from stages.smooth.solvers.cholesky import GridAnalysis

    sparsity = GridAnalysis(*content.shape[:2]).sparsity
    ways: dict[str, Callable[[], object]] = {
        "pymatting cf_laplacian": lambda: cf_laplacian(content, 1e-7),
        "ours, CHOLMOD's triangle, pattern reused": lambda: sparsity.gather(matting_stencil(content)),
        "ours, the same matrix": lambda: matting_laplacian(content),
    }
    return {
        name: min(column) for name, column in zip(ways, zip(*_rounds(list(ways.values())), strict=True), strict=True)
    }


def _rounds(ways: list[Callable[[], object]], rounds: int = 9) -> list[list[float]]:
    return [[_timed(way) for way in ways] for _ in range(rounds)]


def _timed(way: Callable[[], object]) -> float:
    start = perf_counter()
    way()
    return perf_counter() - start


def _ours(content: Photo) -> dict[str, float]:
    return _factored(content, "cholesky")


def _by_pardiso(content: Photo) -> dict[str, float]:
    return _factored(content, "pardiso")


def _factored(content: Photo, solver: Solver) -> dict[str, float]:
    from stages.smooth import smooth
    from tests.benchmarks.fastphotostyle import LAMBDA

    tiny, stylized = content[:16, :16], _stylized(content)
    smooth(tiny, tiny, LAMBDA, solver=solver)
    seconds = _sweep(content, stylized, solver)
    seconds["whole, next image of the size"] = _timed(lambda: smooth(content[::-1], stylized, LAMBDA, solver=solver))
    return seconds


def _sweep(content: Photo, stylized: Photo, solver: Solver) -> dict[str, float]:
    from stages.smooth import Smoother
    from tests.benchmarks.fastphotostyle import LAMBDA

    start = perf_counter()
    smoother = Smoother(content, solver=solver)
    first = smoother.solve(stylized, LAMBDA)
    whole = perf_counter() - start
    further = _timed(lambda: smoother.solve(stylized, 1e-2))
    steps = first.seconds._asdict()
    return {"whole": whole, "further lambda": further, **steps, "estimated bytes": first.estimated_bytes}


def _whole(content: Photo) -> dict[str, float]:
    return _smoothed(content, "auto")


def _iterated(content: Photo) -> dict[str, float]:
    return _smoothed(content, "cg")


def _smoothed(content: Photo, solver: Solver) -> dict[str, float]:
    from stages.smooth import smooth
    from tests.benchmarks.fastphotostyle import LAMBDA

    tiny, stylized = content[:16, :16], _stylized(content)
    smooth(tiny, tiny, LAMBDA, solver=solver)
    told: list[float] = []
    start = perf_counter()
    result = smooth(content, stylized, LAMBDA, solver=solver, on_residual=lambda _, residual: told.append(residual))
    facts = {"whole": perf_counter() - start, "residual": result.residual, "iterations": max(len(told) - 1, 0)}
    return facts | {"estimated bytes": result.estimated_bytes}


def _pymatting(content: Photo) -> dict[str, float]:
    _by_pymatting(content[:16, :16])
    start = perf_counter()
    residual = _by_pymatting(content)
    return {"whole": perf_counter() - start, "residual": residual}


def _by_pymatting(content: Photo) -> float:
    """The relative residual of its solution; the tolerance is ours."""
    from pymatting import cf_laplacian, cg, ichol
    from scipy.sparse import eye

    from stages.smooth import TOLERANCE
    from tests.benchmarks.fastphotostyle import LAMBDA

    system = (cf_laplacian(content, 1e-7) + LAMBDA * eye(content.shape[0] * content.shape[1])).tocsc()
    preconditioner = ichol(system)
    residuals = []
    for plane in _stylized(content).reshape(-1, 3).T:
        b = LAMBDA * plane
        x = cg(system, b, M=preconditioner, rtol=TOLERANCE, maxiter=100_000)
        residuals.append(float(np.linalg.norm(b - system @ x) / np.linalg.norm(b)))
    return max(residuals)


def _fastphotostyle(content: Photo) -> dict[str, float]:
    from tests.benchmarks.fastphotostyle import smooth

    stylized = _stylized(content)
    return {"whole": _timed(lambda: smooth(content, stylized))}


def _run(measure: Callable[[Photo], dict[str, float]], content: Photo) -> Measured:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_measured, measure, content).result()


def _measured(measure: Callable[[Photo], dict[str, float]], content: Photo) -> Measured:
    return Measured(measure(content), peak_memory())


def _photo(path: str | None) -> tuple[str, Photo]:
    """The image asked for, the demo's first content, or a synthetic one."""
    if path is None and DEMO.is_dir():
        path = next((str(found) for found in sorted(DEMO.glob("*/content.*"))), None)
    if path is not None:
        with Image.open(path) as image:
            return "/".join(Path(path).parts[-2:]), np.asarray(image.convert("RGB")) / 255
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:874, 0:1400] / 1400
    image = np.stack([0.3 + 0.4 * x, 0.6 - 0.3 * y, 0.4 + 0.2 * np.sin(9 * x * y)], axis=2)
    for _ in range(60):
        centre, radius, colour = rng.random(2), rng.uniform(0.02, 0.15), rng.random(3)
        image[np.hypot(x - centre[0], y - 0.63 * centre[1]) < radius] *= 0.3 + 0.7 * colour
    return "synthetic image", np.clip(image + rng.normal(0, 0.01, image.shape), 0, 1)


def _large(photo: Photo) -> tuple[str, Photo]:
    from tests.benchmarks.wallpapers import wallpapers

    try:
        with Image.open(io.BytesIO(wallpapers()[LARGE])) as image:
            return f"{LARGE} of lomiri-wallpapers-16.04", np.asarray(image.convert("RGB")) / 255
    except (OSError, ValueError) as error:
        return f"the image above, enlarged ({error})", photo


def _at(photo: Photo, long_edge: int) -> Photo:
    scale = long_edge / max(photo.shape[:2])
    size = (max(round(photo.shape[1] * scale), 3), max(round(photo.shape[0] * scale), 3))
    return np.asarray(Image.fromarray(np.uint8(photo * 255)).resize(size, Image.Resampling.LANCZOS)) / 255


def _stylized(content: Photo) -> Photo:
    """Other colours, and the grain that stage one leaves."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.05, content.shape).astype(content.dtype)
    return np.clip(content[..., ::-1] ** 1.5 + noise, 0, 1)


if __name__ == "__main__":
    main()
