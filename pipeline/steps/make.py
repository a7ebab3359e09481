"""The stages, each as arrays and settings in, files and facts out. Torch is imported by the two that need it, only."""

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import Inputs
from pipeline.images.encoding import FAST, encode_pixels, encode_png, encode_tiff, rounded
from pipeline.images.photos import Photo, read_original
from pipeline.steps.memory import peak_memory
from pipeline.steps.progress import OnStep, Step, say, telling
from pipeline.steps.staleness import LINK, Stage
from stages.segment.match import Regions

if TYPE_CHECKING:
    import torch

    from stages.features import Encoder
    from stages.segment.semantic import SemanticModel
    from stages.stylize import Stylized

LIBRARIES: dict[Stage, tuple[str, ...]] = {
    "stylize": ("numpy", "torch"),
    "smooth": ("numpy", "numba", "scikit-sparse"),
    "native": ("numpy", "numba"),
    "onestage": ("numpy", "torch", "numba"),
}


def needs_network(stage: Stage) -> bool:
    """Whether a stage optimises through the encoder, on the GPU where there is one; the others are the CPU's."""
    return "torch" in LIBRARIES[stage]


class EncoderError(RuntimeError):
    """There is no encoder on the device that was asked for: no pair can be done."""


class Made(NamedTuple):
    """What a stage hands over to be written."""

    outputs: dict[str, bytes]
    """Files by name."""
    facts: dict[str, Any]
    """For the manifest's record."""


class Network:
    """The networks of a run: loaded when first asked for, then kept."""

    def __init__(self, config: Config, tell: Callable[[str], object] = say) -> None:
        self._config, self._tell = config, tell

    @cached_property
    def encoder(self) -> "Encoder":
        """The encoder on the device that the configuration asks for.

        Raises:
            EncoderError: its weights or the device can't be had.
        """
        from pipeline.networks.weights import WeightsError, load_encoder_weights
        from stages.features import Encoder

        try:
            weights = load_encoder_weights(self._config.encoder)
        except WeightsError as error:
            raise EncoderError(str(error)) from error
        device = self._device
        self._tell(f"encoder: {weights.architecture} on {device}, from {weights.source}")
        return Encoder(weights.tensors, weights.architecture, device)

    @cached_property
    def semantic_model(self) -> "SemanticModel":
        """The network that knows what is in a photo, on that device.

        Raises:
            SemanticModelError: it can't be had.
            EncoderError: the device can't.
        """
        from pipeline.networks.semantic_model import load_semantic_model

        device, name = self._device, self._config.segment.model
        model = load_semantic_model(name, device)
        self._tell(f"semantic model: {name} on {device}")
        return model

    @cached_property
    def _device(self) -> "torch.device":
        from stages.features import best_device

        try:
            return best_device(self._config.device)
        except RuntimeError as error:
            raise EncoderError(str(error)) from error


def make(
    stage: Stage,
    inputs: Inputs,
    link: Photo | None,
    config: Config,
    network: Network,
    on_step: OnStep,
) -> Made:
    """Runs one stage on one pair.

    Args:
        stage: which.
        inputs: the pair at the working size.
        link: H x W x 3, what a later stage starts from: the stage-one image, or for native size the two-stage image.
        config: all settings; the stage takes its own section.
        network: the encoder of this run.
        on_step: told of each iteration.

    Raises:
        ValueError: that image is missing or of another size than the content.
        EncoderError: the encoder can't be had.
        ImageError: the content can't be read, for native size.
    """
    if stage == "smooth":
        (made,) = smooth_lambdas(inputs, link, config, [config.smooth.lam], on_step)
        return made
    began = time.perf_counter()
    if stage == "stylize":
        made = _stylize(inputs, config, network, on_step)
    elif stage == "native":
        made = _native(inputs, _fitting(link, inputs))
    else:
        made = _onestage(inputs, _fitting(link, inputs), config, network, on_step)
    return _recorded(made, stage, inputs, began)


def smooth_lambdas(
    inputs: Inputs, link: Photo | None, config: Config, lambdas: Iterable[float], on_step: OnStep
) -> Iterator[Made]:
    """Runs stage two on one pair with one lambda after the other, all on one assembly and one analysis.

    Args:
        inputs: the pair at the working size.
        link: the stage-one image, H x W x 3.
        config: all settings, but for lambda.
        lambdas: positive numbers.
        on_step: told of the solver, and of its iterations where it has some.

    Raises:
        ValueError: the stage-one image is missing or of another size than the content.
    """
    from stages.smooth import TOLERANCE, Smoother, find_anchor

    began = time.perf_counter()
    link = _fitting(link, inputs)
    settings = config.smooth
    smoother = Smoother(
        inputs.content,
        epsilon=settings.epsilon,
        solver=settings.solver,
        on_residual=lambda iteration, residual: on_step(
            Step(iteration, 0, f"residual {residual:.1e}, until {TOLERANCE:g}")
        ),
    )
    on_step(Step(0, 0, f"by {smoother.chosen.why}"))
    anchor = find_anchor(inputs.content, link, inputs.regions.content) if settings.anchor == "colour" else None
    for lam in lambdas:
        result = smoother.solve(link, lam, settings.mu, anchor)
        facts = {
            "device": "cpu",
            "solver": result.solver,
            "residual": result.residual,
            "step_seconds": result.seconds._asdict(),
        }
        yield _recorded(Made(_final(result.image, inputs), facts), "smooth", inputs, began)
        began = time.perf_counter()


def _recorded(made: Made, stage: Stage, inputs: Inputs, began: float) -> Made:
    """With what every manifest tells."""
    facts = {
        "seconds": round(time.perf_counter() - began, 2),
        "process_peak_mib": peak_memory() // 2**20,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES[stage]},
        "notes": list(inputs.notes),
        "masks": list(inputs.classes),
    }
    return Made(made.outputs, made.facts | facts)


def _stylize(inputs: Inputs, config: Config, network: Network, on_step: OnStep) -> Made:
    from stages.stylize import stylize

    result = stylize(
        inputs.content,
        inputs.style,
        network.encoder,
        regions=inputs.regions,
        settings=config.stylize,
        on_iterate=telling(on_step),
    )
    image = np.clip(result.image, 0, 1)
    outputs = {LINK: encode_tiff(image), "image.png": encode_png(image, 8)}
    return Made(outputs, _optimised(result, inputs.regions, network))


def _onestage(inputs: Inputs, link: Photo, config: Config, network: Network, on_step: OnStep) -> Made:
    from stages.smooth.matting_laplacian import matting_laplacian
    from stages.stylize import onestage

    result = onestage(
        inputs.content,
        inputs.style,
        link,
        matting_laplacian(inputs.content),
        network.encoder,
        regions=inputs.regions,
        settings=config.onestage,
        on_iterate=telling(on_step),
    )
    facts = {"start": "stage-one image"} | _optimised(result, inputs.regions, network)
    return Made(_final(result.image, inputs), facts)


def _native(inputs: Inputs, solved: Photo) -> Made:
    """The two-stage image at the content's own size, depth and transparency."""
    from stages.smooth import upsample

    assert inputs.full_size is not None  # the stage is there for that size only
    photo, alpha, bits = read_original(inputs.full_size.file)
    enlarged = photo.shape != solved.shape
    pixels = np.empty((*photo.shape[:2], 3 if alpha is None else 4), np.uint8 if bits == 8 else np.uint16)
    top = 0
    for band in upsample(inputs.content, solved, photo) if enlarged else [solved]:
        pixels[top : top + len(band), :, :3] = rounded(band, bits)
        top += len(band)
    if alpha is not None:
        pixels[..., 3] = rounded(alpha, bits)
    del photo  # before there is a third copy of the picture
    made_from = f"colour maps of {solved.shape[1]}x{solved.shape[0]}" if enlarged else "the two-stage image as it is"
    facts = {"device": "cpu", "size": f"{pixels.shape[1]}x{pixels.shape[0]}", "bits": bits, "made_from": made_from}
    return Made({"image.png": encode_pixels(pixels, level=FAST)}, facts)


def _final(image: Photo, inputs: Inputs) -> dict[str, bytes]:
    return {"image16.png": encode_png(image, 16, inputs.alpha), "image.png": encode_png(image, 8, inputs.alpha)}


def _optimised(result: "Stylized", regions: Regions, network: Network) -> dict[str, Any]:
    from stages.features.device import compute_dtype

    encoder = network.encoder
    return {
        "device": str(encoder.device),
        "precision": str(compute_dtype(encoder.device)).removeprefix("torch."),
        "encoder": encoder.architecture,
        "losses": {name: float(loss) for name, loss in result.losses.items()},
        "evaluations": result.evaluations,
        "regions": regions.count,
    }


def _fitting(link: Photo | None, inputs: Inputs) -> Photo:
    if link is None:
        raise ValueError("the later stages start from the stage-one image, and there is none")
    if link.shape != inputs.content.shape:
        (height, width), (h, w) = link.shape[:2], inputs.content.shape[:2]
        raise ValueError(
            f"the stage-one image is {width}x{height}, the content at this size {w}x{h}: "
            "give the --size it was made with, or run `photostyle stylize` again"
        )
    return link
