"""Stage one: the content photo in the style photo's look, by optimisation through VGG, coarse to fine."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from stages.arrays import Photo
from stages.colour.match import match_colours
from stages.features.encoder import Encoder
from stages.features.resample import resample, resample_labels, shape_at, shape_of, to_array, to_tensor
from stages.segment.remap import Regions, one_region
from stages.settings import Optimised, Stylize
from stages.stylize.evaluation import Losses, OnNote
from stages.stylize.losses import chroma_variation, total_variation
from stages.stylize.objective import Objective
from stages.stylize.on_device import OnDevice, load_pair
from stages.stylize.optimise import Method, OnIterate, minimise
from stages.stylize.pixels import Pixels
from stages.stylize.relight import relight


class Stylized(NamedTuple):
    """A result and how it was reached."""

    image: Photo
    """(H, W, 3), the content's size, not clipped."""
    losses: dict[str, float]
    """Weighted losses of the best iterate at the last scale."""
    evaluations: int


def stylize(
    content: Photo,
    style: Photo,
    encoder: Encoder,
    *,
    regions: Regions | None = None,
    settings: Stylize = Stylize(),  # noqa: B008 (frozen)
    on_iterate: OnIterate | None = None,
    on_note: OnNote | None = None,
) -> Stylized:
    """Give the content the style's look, region by region.

    Args:
        content, style: (H, W, 3) and (h, w, 3) float in [0, 1], at least 32 pixels each way.
        encoder: on the device to compute on.
        regions: the pair's matched regions; without them all of the style serves all of the content.
        settings: see `Stylize`.
        on_iterate: told of each evaluation.
        on_note: told of what makes it slower than it could be.

    Raises:
        ValueError: an image or a label map is not what it should be.
        DivergedError: a loss is not finite.
    """
    pair = load_pair(content, style, regions, encoder.device)
    scales = list(zip(settings.sizes, settings.evaluations, strict=True))
    pixels = _start(pair, content, style, regions, encoder, settings)
    return descend(pair, pixels, encoder, settings, scales, on_iterate, on_note)


def descend(
    pair: OnDevice,
    pixels: Pixels,
    encoder: Encoder,
    settings: Optimised,
    scales: Sequence[tuple[int, int]],
    on_iterate: OnIterate | None,
    on_note: OnNote | None,
    extra: Callable[[Tensor], dict[str, Tensor]] = lambda image: {},
) -> Stylized:
    """The loop that stage one and the one-stage method share.

    Args:
        pair: on the encoder's device.
        pixels: what is optimised.
        encoder: VGG.
        settings: weights of the losses, the optimiser and when it stops.
        scales: (long edge, evaluations), coarse to fine.
        on_iterate: told of each evaluation.
        on_note: told of what makes it slower than it could be.
        extra: further weighted losses of the image, by name.
    """
    full = shape_of(pair.content)
    method = Method(settings.optimizer, settings.learning_rate, settings.tolerance)
    total, done = sum(evaluations for _, evaluations in scales), 0
    best: dict[str, float] = {}
    for size, evaluations in scales:
        pixels.resize(shape_at(full, size))
        losses = losses_at(size, pair, pixels, encoder, settings, extra)
        best, used = minimise(
            pixels.change, losses, evaluations, method,
            size=max(shape_at(full, size)), done=done, total=total, on_iterate=on_iterate, on_note=on_note,
        )  # fmt: skip
        done += used
    pixels.resize(full)
    with torch.no_grad():
        return Stylized(to_array(pixels.image()), best, done)


def losses_at(
    size: int,
    pair: OnDevice,
    pixels: Pixels,
    encoder: Encoder,
    settings: Optimised,
    extra: Callable[[Tensor], dict[str, Tensor]] = lambda image: {},
) -> Losses:
    """The weighted losses, by name, of the pixels as they are when it is called, at this long edge.

    Arguments as for `descend`; the pixels are of that size already.
    """
    shape, style_shape = (shape_at(shape_of(photo), size) for photo in (pair.content, pair.style))
    objective = Objective(
        encoder,
        resample(pair.content, shape),
        resample(pair.style, style_shape),
        resample_labels(pair.content_labels, shape),
        resample_labels(pair.style_labels, style_shape),
        pair.count,
        {"style": settings.style_weight, "content": settings.content_weight},
        settings.layer_weights,
    )

    def losses() -> dict[str, Tensor]:
        image = pixels.image()
        variation = {
            "variation": settings.tv_weight * total_variation(pixels.change),
            "chroma": settings.chroma_weight * chroma_variation(pixels.change),
        }
        return objective.losses(image) | extra(image) | variation

    return losses


def _start(
    pair: OnDevice, content: Photo, style: Photo, regions: Regions | None, encoder: Encoder, settings: Stylize
) -> Pixels:
    if settings.start == "content":
        return Pixels(pair.content)
    if settings.start == "noise":
        generator = torch.Generator().manual_seed(settings.seed)
        noise = torch.rand(pair.content.shape, generator=generator).to(pair.content.device)
        return Pixels(torch.zeros_like(pair.content), change=noise)
    regions = regions or one_region(content.shape[:2], style.shape[:2])
    matched = match_colours(content, regions.content, style, regions.style, regions.count, sure=regions.sure)
    with threadpool_limits(1, "blas"):  # as in the match: its products are small too
        relit = relight(matched, pair, encoder)
    weights, spans = (
        torch.tensor(array, dtype=torch.float32, device=pair.content.device)
        for array in (matched.weights, matched.spans)
    )
    return Pixels(to_tensor(relit, pair.content.device), weights[None], spans)
