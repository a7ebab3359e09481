"""The page that explains the method on one photo, with figures that compute: report/explain.html.

Its stage-one picture is spoilt on purpose, by arithmetic: a good one has too little wrong with it to learn from.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.dataset.inputs import Inputs
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.encoding import encode_png
from pipeline.images.sizes import shrink
from pipeline.pages.page import render
from pipeline.pages.report.pictures import data_uri, encode_jpeg, to_bytes
from pipeline.store.files import write_atomically
from stages.arrays import Photo
from stages.colour.transport import monge_kantorovich
from stages.smooth import Smoother, affine_energy
from stages.smooth.matting_laplacian import matting_laplacian

FOLDER, FILE = "report", "explain.html"
SIZE = 240
"""Long edge of the photo on the page, pixels: the figures compute on all of it."""
QUALITY = 92
POWERS = np.linspace(-6, 0, 25)
"""Of ten: the lambdas of the slider."""
WOBBLE, WAVE = 2.0, 26.0
"""Amplitude and wavelength of the bent lines, pixels."""
STROKE, STRENGTH, TINT = (0.8, 4.0), 0.05, 0.35
"""Height and length of a brush stroke (standard deviations in pixels), its contrast, and how much of it is colour."""


class AtLambda(NamedTuple):
    """Stage two at one lambda."""

    lam: float
    image: str
    """A data URI."""
    energy: float
    """sum_c x_c^T L x_c / n."""
    distance: float
    """Root mean squared difference from the stage-one picture."""
    seconds: float
    """For the factor and the solution."""


def explain(pair: Pair, results: Path) -> Path:
    """Writes the page; the file.

    Args:
        pair: whose photos serve as the example.
        results: the folder of the dataset's results.

    Raises:
        InputError: the pair's photos can't be used.
        OSError: the page can't be written.
    """
    inputs = load_inputs(pair, SIZE)
    content = to_bytes(inputs.content).astype(np.float32) / np.float32(255)  # what the page's figures read
    painted = paint(inputs)
    solved = solve(content, painted)
    height, width = content.shape[:2]
    page = render(
        "explain.html",
        ("page.css", "explain.css"),
        ("explain.js",),
        content=data_uri("image/png", encode_png(content, 8)),
        style_photo=data_uri("image/jpeg", encode_jpeg(shrink(inputs.style, SIZE), QUALITY, "444")),
        painted=data_uri("image/png", encode_png(painted, 8)),
        width=width,
        height=height,
        solved=solved,
        seconds=np.median([one.seconds for one in solved]),
        entries=matting_laplacian(content).nnz,
    )
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / FILE, page.encode())
    return folder / FILE


def solve(content: Photo, painted: Photo) -> list[AtLambda]:
    """Stage two at every lambda of the slider, both images (H, W, 3) in [0, 1]."""
    smoother, laplacian = Smoother(content), matting_laplacian(content)
    solved = []
    for power in POWERS:
        lam = float(f"{10**power:.2g}")
        result = smoother.solve(painted, lam)
        image = data_uri("image/jpeg", encode_jpeg(result.image, QUALITY, "444"))
        distance = float(np.sqrt(np.mean((result.image - painted) ** 2)))
        seconds = result.seconds.factor + result.seconds.solve
        solved.append(AtLambda(lam, image, affine_energy(laplacian, result.image), distance, seconds))
    return solved


def paint(inputs: Inputs) -> Photo:
    """The content in the style's colours, region by region, with bent lines, smeared colours and brush strokes.

    Returns:
        (H, W, 3) in [0, 1], of the content's size; the same for the same photos.
    """
    content, regions = inputs.content.astype(np.float64), inputs.regions
    coloured = np.empty_like(content)
    for k in range(regions.count):
        here = regions.content == k
        A, b = monge_kantorovich(content[here], inputs.style[regions.style == k].astype(np.float64))
        coloured[here] = content[here] @ A.T + b
    height, width = content.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    bent = y + WOBBLE * np.sin(2 * np.pi * x / WAVE), x + WOBBLE * np.sin(2 * np.pi * y / WAVE)
    channels = [ndimage.map_coordinates(coloured[..., c], bent, order=1, mode="reflect") for c in range(3)]
    smeared = np.stack([ndimage.median_filter(channel, 5, mode="reflect") for channel in channels], axis=-1)
    noise = np.random.default_rng(0).normal(size=(height, width, 4))
    strokes = ndimage.gaussian_filter(noise, (*STROKE, 0), mode="reflect")
    strokes *= STRENGTH / strokes.std()
    painted: Photo = np.clip(smeared + strokes[..., 3:] + TINT * strokes[..., :3], 0, 1).astype(np.float32)
    return painted
