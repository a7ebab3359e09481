"""Native size: how near to the exact solution, how long, how much memory: `python -m tests.benchmarks.bench_native`.

Error: stage one at 1400 px, the exact solution there, and the same from 350 and 700 px, to which content and stage-one
image were brought down: carried up by the colour maps, enlarged, and by a guided filter. Beside it how far the small
solution is from the exact one brought down: as near as anything can come that starts from it.

Cost: the step as the pipeline runs it, from files to a file, in a process of its own, after one at a small size that
compiles the kernels. Memory is that process's peak, libraries and all. The largest is an enlarged photo.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import uniform_filter
from skimage.metrics import structural_similarity

from pipeline.images.encoding import FAST, encode_pixels, encode_png
from pipeline.images.reading import read_photo
from pipeline.images.sizes import shrink
from pipeline.run.memory import peak_memory
from stages.settings import Smooth
from tests.benchmarks.wallpapers import wallpapers

EXACT, SMALL = 1400, (350, 700)
PAIRS = {"cables before a sky": ("Bridge", "sunset"), "leaves before a sky": ("Dragonfly", "aitzgorri")}
LAMBDA = Smooth().lam
Photo = NDArray[np.float32]
T = TypeVar("T")


def main() -> None:
    try:
        photos = wallpapers()
    except (OSError, ValueError) as error:
        sys.exit(f"no large photos to measure with: {error}")
    with TemporaryDirectory() as folder:
        for name, data in photos.items():
            Path(folder, f"{name}.jpg").write_bytes(data)
        for title, (content, style) in PAIRS.items():
            _in_a_process(_report_error, title, Path(folder, f"{content}.jpg"), Path(folder, f"{style}.jpg"))
        print("\nThe step from files to a file")
        _in_a_process(_enlarge, Path(folder, "Dragonfly.jpg"), Path(folder))
        for name in ("Dragonfly.jpg", "50.jpg", "50.png"):
            _report_cost(Path(folder), name)


def _report_error(title: str, content_file: Path, style_file: Path) -> None:
    from stages.smooth import smooth, upsample

    content = shrink(read_photo(content_file), EXACT)
    look = _stylized(content, shrink(read_photo(style_file), EXACT))
    exact = smooth(content, look, LAMBDA).image.clip(0, 1)
    height, width, _ = content.shape
    print(f"\n{title}, {width}x{height}, against the exact solution at lambda {LAMBDA:g}")
    _print_error("stage-one image itself", look, exact)
    for size in SMALL:
        small = shrink(content, size)
        solved = smooth(small, shrink(look, size), LAMBDA).image.clip(0, 1)
        print(f"  from {size} px, whose solution is {_psnr(solved, shrink(exact, size)):.1f} dB from it")
        _print_error("colour maps", np.concatenate(list(upsample(small, solved, content))), exact)
        _print_error("guided filter", _guided(small, solved, content), exact)
        _print_error("enlarged (bicubic)", _enlarged(solved, content.shape), exact)


def _stylized(content: Photo, style: Photo) -> Photo:
    from pipeline.networks.weights import load_encoder_weights
    from stages.features import Encoder, best_device
    from stages.stylize import stylize

    weights = load_encoder_weights("auto")
    encoder = Encoder(weights.tensors, weights.architecture, best_device("auto"))
    return stylize(content, style, encoder).image.clip(0, 1)


def _print_error(name: str, image: Photo, exact: Photo) -> None:
    image = image.clip(0, 1)
    error = 255 * float(np.abs(image - exact).mean())
    edges = structural_similarity(_edges(exact), _edges(image), data_range=1.0)
    print(f"    {name:24} {_psnr(image, exact):5.1f} dB, mean error {error:.2f} of 255, edge SSIM {edges:.3f}")


def _psnr(image: Photo, exact: Photo) -> float:
    return -10 * float(np.log10(np.mean((image.astype(np.float64) - exact) ** 2)))


def _edges(image: Photo) -> NDArray[np.float64]:
    from pipeline.compare.edges import edge_map

    return edge_map(image)


def _guided(content: Photo, solved: Photo, photo: Photo, radius: int = 1, epsilon: float = 1e-4) -> Photo:
    """The fast guided filter (He and Sun 2015) with the content as guide; of its radii the best here."""

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        edge = 2 * radius + 1
        return uniform_filter(values, (edge, edge, *[1] * (values.ndim - 2)))

    c, x = content.astype(np.float64), solved.astype(np.float64)
    covariance = mean(c[..., :, None] * c[..., None, :]) - mean(c)[..., :, None] * mean(c)[..., None, :]
    cross = mean(c[..., :, None] * x[..., None, :]) - mean(c)[..., :, None] * mean(x)[..., None, :]
    a = np.linalg.solve(covariance + epsilon * np.eye(3), cross)
    b = mean(x) - (mean(c)[..., None, :] @ a)[..., 0, :]
    maps = np.concatenate([a.reshape(*c.shape[:2], 9), b], axis=2)
    large = _enlarged(mean(maps).astype(np.float32), photo.shape, Image.Resampling.BILINEAR)
    return (photo[..., None, :] @ large[..., :9].reshape(*photo.shape, 3))[..., 0, :] + large[..., 9:]


def _enlarged(
    image: Photo, shape: tuple[int, ...], how: Image.Resampling = Image.Resampling.BICUBIC
) -> NDArray[np.float32]:
    planes = (Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(image, 2, 0))
    return np.stack([np.asarray(plane.resize((shape[1], shape[0]), how)) for plane in planes], axis=2)


def _in_a_process(step: Callable[..., T], *arguments: object) -> T:
    """For memory's sake."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(step, *arguments).result()


def _enlarge(file: Path, folder: Path) -> None:
    """50 megapixels, at 8 and at 16 bits."""
    with Image.open(file) as photo:
        pixels = np.asarray(photo.resize((8192, 6144), Image.Resampling.LANCZOS))
    Image.fromarray(pixels).save(folder / "50.jpg", quality=92)
    (folder / "50.png").write_bytes(encode_pixels(pixels.astype(np.uint16) * 257, FAST))


def _report_cost(folder: Path, name: str) -> None:
    pair = folder / "cost" / name
    pair.mkdir(parents=True)
    (folder / name).rename(pair / f"content{Path(name).suffix}")
    (pair / "style.png").write_bytes(encode_png(np.full((64, 64, 3), 0.5), 8))
    _in_a_process(_solve, pair)
    seconds, size, peak = _in_a_process(_carry_up, pair)
    print(f"  {name:16} {size} {seconds:6.1f} s {peak / 1e6:6.0f} MB", flush=True)


def _solve(folder: Path) -> None:
    """Stage two of a made-up look; stands for everything before the step."""
    from pipeline.dataset.loading import load_inputs
    from stages.smooth import smooth, upsample

    content = load_inputs(_pair(folder), 700).content
    solved = smooth(content, np.clip(content[..., ::-1] ** 1.5, 0, 1), LAMBDA).image
    (folder / "smooth").mkdir()
    (folder / "smooth" / "image16.png").write_bytes(encode_png(solved, 16))
    list(upsample(content, solved, content))  # compiled


def _carry_up(folder: Path) -> tuple[float, str, int]:
    from pipeline.networks.loaded import Network
    from pipeline.run.performing import bring_up_to_date
    from pipeline.run.task import PairTask
    from pipeline.settings.config import Config
    from pipeline.steps.native import NATIVE
    from pipeline.store.manifest import read_manifest

    start, config = perf_counter(), Config(size="native")
    bring_up_to_date(PairTask(_pair(folder), NATIVE, config, folder), Network(config), lambda _: None)
    manifest = read_manifest(folder / "native")
    assert manifest is not None
    return perf_counter() - start, f"{manifest.facts['size']} at {manifest.facts['bits']} bits", peak_memory()


def _pair(folder: Path):  # type: ignore[no-untyped-def]
    from pipeline.dataset.pairs import Pair

    (content,) = folder.glob("content.*")
    return Pair("large", content, folder / "style.png")


if __name__ == "__main__":
    main()
