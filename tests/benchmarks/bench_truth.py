"""How near the truth: `python -m tests.benchmarks.bench_truth PHOTO... [--size 500] [--draft]`.

Of each photo two crops are cut, one from the left and one from the right, which share what lies in the middle. One is
graded at random, as a photographer might, and serves as the style of the other. The truth is then known: it is the
other crop, graded alike. Printed are the PSNR and the mean Delta E (CIE 2000) from it, of the crop as it is, of
Monge-Kantorovich over the whole picture, of the draft and of the two-stage result, with one region and with those that
are found in the photos.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.images.reading import read_photo
from pipeline.images.sizes import shrink
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config
from stages.colour.transport import monge_kantorovich
from stages.segment.automatic import automatic_labels
from stages.segment.labels import PALETTE
from stages.segment.remap import match_regions, one_region
from stages.settings import Smooth
from stages.smooth import Smoother, find_anchor, find_target
from stages.stylize import stylize

Photo = NDArray[np.float32]
WIDE = 0.6
"""Of the photo's width, each crop."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_truth")
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--size", type=int, default=500, help="long edge of the photos before they are cut")
    parser.add_argument("--draft", action="store_true", help="leave out stage one, which takes most of the time")
    given = parser.parse_args()
    rows = [truth_of(path, given.size, given.draft, seed) for seed, path in enumerate(given.photos)]
    print(
        f"{'mean of ' + str(len(rows)):24}"
        + as_text({way: np.mean([row[way] for row in rows], axis=0) for way in rows[0]})
    )


def truth_of(path: Path, size: int, draft: bool, seed: int) -> dict[str, NDArray[np.float64]]:
    photo = shrink(read_photo(path), size)
    graded = graded_at_random(photo, np.random.default_rng(seed))
    width = round(WIDE * photo.shape[1])
    crops = [photo[:, :width], graded[:, -width:], graded[:, :width]]
    content, style, truth = (np.ascontiguousarray(crop) for crop in crops)
    row = {way: nearness(image, truth) for way, image in results(content, style, draft)}
    print(f"{path.name:24}" + as_text(row), flush=True)
    return row


def results(content: Photo, style: Photo, draft: bool):  # type: ignore[no-untyped-def]
    yield "as it is", content
    A, b = monge_kantorovich(*(image.reshape(-1, 3).astype(np.float64) for image in (content, style)))
    yield "MK", (content @ A.T + b).clip(0, 1)
    encoder = Network(Config()).encoder
    found = match_regions(*automatic_labels(content, style, encoder), tuple(PALETTE), content, style, sure=False)
    for name, regions in (("one", one_region(content.shape[:2], style.shape[:2])), ("found", found)):
        anchor = find_anchor(content, style, regions)
        yield f"draft, {name}", anchor
        if not draft:
            y = stylize(content, style, encoder, regions=regions).image.clip(-0.5, 1.5)
            dials = Smooth()
            target = find_target(y, anchor, content, dials.emphasis, regions)
            yield f"two-stage, {name}", Smoother(content).solve(target, dials.lam, dials.mu, anchor).image.clip(0, 1)


def graded_at_random(photo: Photo, rng: np.random.Generator) -> Photo:
    """Exposure, contrast and white balance as a gamma and a gain of each channel, then more or less saturation."""
    gains = 2 ** (rng.uniform(-0.5, 0.5) + rng.uniform(-0.3, 0.3, 3))
    toned = (photo ** rng.uniform(0.7, 1.5) * gains).clip(0, 1)
    grey = toned.mean(axis=2, keepdims=True)
    return (grey + rng.uniform(0.5, 1.5) * (toned - grey)).clip(0, 1).astype(np.float32)


def nearness(image: NDArray[np.floating], truth: Photo) -> NDArray[np.float64]:
    """PSNR in dB and mean Delta E."""
    noise = float(np.square(image - truth).mean())
    return np.array([-10 * np.log10(noise), deltaE_ciede2000(rgb2lab(image), rgb2lab(truth)).mean()])


def as_text(row: dict[str, NDArray[np.float64]]) -> str:
    return "   ".join(f"{way} {dB:.1f} dB {delta:.1f}" for way, (dB, delta) in row.items())


if __name__ == "__main__":
    main()
