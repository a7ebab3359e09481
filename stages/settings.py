"""The parameters of the stages, each with its one default.

Frozen msgspec structs: unknown fields are refused, values are checked when they are decoded from a file.
They live here, not beside the code that uses them, so that reading a configuration never imports torch.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

LARGEST = 1e30
"""What is larger, infinity among it, overflows in single precision."""
Positive = Annotated[float, Meta(gt=0, le=LARGEST)]
NonNegative = Annotated[float, Meta(ge=0, le=LARGEST)]
Count = Annotated[int, Meta(ge=1)]
Solver = Literal["auto", "cholesky", "pardiso", "cg"]

SMALLEST_EDGE = 32
"""Pixels: the encoder halves an image four times, and two pixels should be left."""


class Smooth(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stage two: (L + lambda I) x = lambda y, per colour channel."""

    lam: Positive = field(default=1.0, name="lambda")
    """Weight of the stage-one image against the photorealism term; smaller is closer to the content's structure.
    `photostyle smooth` also takes several with commas between them, and lays the results side by side."""
    epsilon: Positive = 1e-7
    """Regularises each 3x3 window's colour covariance, as epsilon / 9 on colours in [0, 1] (Levin et al. 2008)."""
    solver: Solver = "auto"
    """A sparse Cholesky factor, by CHOLMOD or by MKL's PARDISO (needs the extra `mkl`), or conjugate gradients to a
    residual of 1e-6; auto: CHOLMOD's factor, if memory holds it."""


class Optimised(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stage one and the one-stage method share, so that their comparison is fair."""

    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: Positive = 0.02
    """Adam's step."""
    tolerance: NonNegative = 1e-3
    """A scale ends early when its best loss falls by less than this share over 10 evaluations."""
    style_weight: NonNegative = 1.0
    colour_weight: NonNegative = 20.0
    """Of the sliced distance between the colours' distributions."""
    content_weight: NonNegative = 0.02
    tv_weight: NonNegative = 0.1
    """Of the pixels' total variation; a grid has none."""


class Stylize(Optimised, frozen=True, kw_only=True):
    """Stage one: segmentation-guided neural style optimisation."""

    canvas: Literal["grid", "pixels"] = "grid"
    """What is optimised: a bilateral grid of affine colour maps per region, or the pixels (the paper's way)."""
    start: Literal["colour", "content", "noise"] = "colour"
    """The content with each region's colours matched to the style's, the content itself, or noise (pixels only)."""
    sizes: tuple[Count, ...] = (175, 350)
    """Long edges of the coarse-to-fine scales, pixels."""
    evaluations: tuple[Count, ...] = (40, 30)
    """Evaluations of the losses at each scale, at most."""
    grid_rows: Annotated[int, Meta(ge=2)] = 32
    """Cells of the grid along the image's shorter edge."""
    grid_bins: Annotated[int, Meta(ge=2)] = 12
    """Cells of the grid along luma."""
    roughness_weight: NonNegative = 300.0
    """Of the mean squared difference of the grid's neighbouring cells."""
    locality_weight: NonNegative = 80.0
    """Of the variance of the grid's maps over the image: how little a pixel's place counts beside its colour."""
    flatness_weight: NonNegative = 0.02
    """Of the result's squared slopes where the content has none (grid only): against noise."""
    evenness_weight: NonNegative = 0.06
    """The same between the means of cells: against colours that drift."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """Of the noise start."""


class OneStage(Optimised, frozen=True, kw_only=True):
    """The paper's own way: the photorealism term inside the optimisation of the pixels."""

    evaluations: Count = 12
    """Evaluations of the losses, at most, at the content's own size."""
    photorealism_weight: NonNegative = 300.0
    """Of the affine energy per pixel (the paper's lambda)."""
