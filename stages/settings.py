"""The parameters of the stages, each with its one default and the sentence that the command line's help gives for it.

Frozen msgspec structs: unknown fields are refused, values are checked when they are decoded. What two of them have to
agree on is checked here, where their names stand in backticks: the command line writes them as its options.
They live here, not beside the code that uses them, so that reading a configuration never imports torch.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

LARGEST = 1e30
"""What is larger, infinity among it, overflows in single precision."""
Positive = Annotated[float, Meta(gt=0, le=LARGEST)]
NonNegative = Annotated[float, Meta(ge=0, le=LARGEST)]
Count = Annotated[int, Meta(ge=1)]
Counts = Annotated[tuple[Count, ...], Meta(min_length=1)]
Solver = Literal["auto", "cholesky", "pardiso", "cg"]

SMALLEST_EDGE = 32
"""Pixels: the encoder halves an image four times, and two pixels should be left."""


class Smooth(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stage two: (L + lambda I) x = lambda y, per colour channel."""

    lam: Positive = field(default=1.0, name="lambda")
    """This weighs the stage-one image against the photorealism term: smaller is closer to the content's structure.
    `photostyle smooth` also takes several with commas between them, and lays the results side by side."""
    epsilon: Positive = 1e-7
    """This regularises each 3x3 window's colour covariance, as epsilon / 9 on colours in [0, 1] (Levin et al. 2008)."""
    solver: Solver = "auto"
    """The system is solved by a sparse Cholesky factor, of CHOLMOD or of MKL's PARDISO (which needs the extra `mkl`),
    or by conjugate gradients to a residual of 1e-6. Auto is CHOLMOD's factor, if memory holds it."""


class Optimised(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stage one and the one-stage method share, so that their comparison is fair."""

    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    """The losses are minimised by L-BFGS or by Adam."""
    learning_rate: Positive = 0.02
    """This is the length of Adam's steps."""
    tolerance: NonNegative = 1e-3
    """A scale ends early when its best loss falls by less than this share over 10 evaluations."""
    style_weight: NonNegative = 1.0
    """This weighs the distance between the features' Gram matrices: more is more of the style."""
    colour_weight: NonNegative = 20.0
    """This weighs the sliced distance between the distributions of the colours."""
    content_weight: NonNegative = 0.02
    """This weighs the distance of a deeper layer's features to the content's: more is more of the content."""
    tv_weight: NonNegative = 0.1
    """This weighs the total variation of the pixels; a grid has none."""


class Stylize(Optimised, frozen=True, kw_only=True):
    """Stage one: segmentation-guided neural style optimisation."""

    canvas: Literal["grid", "pixels"] = "grid"
    """What is optimised is a bilateral grid of affine colour maps per region, or the pixels (the paper's way)."""
    start: Literal["colour", "content", "noise"] = "colour"
    """The optimisation starts from the content with its colours matched to the style's, region by region, from the
    content itself, or from noise (pixels only)."""
    sizes: Counts = (175, 350)
    """These are the long edges in pixels of the scales, from coarse to fine."""
    evaluations: Counts = (40, 30)
    """The losses are evaluated at most this often, one number for each of the scales."""
    grid_rows: Annotated[int, Meta(ge=2)] = 32
    """The grid has this many cells along the shorter edge of the image."""
    grid_bins: Annotated[int, Meta(ge=2)] = 12
    """The grid has this many cells along luma."""
    roughness_weight: NonNegative = 300.0
    """This weighs the mean squared difference between neighbouring cells of the grid."""
    locality_weight: NonNegative = 80.0
    """This weighs the variance of the grid's maps over the image: more, and a pixel's place counts less."""
    flatness_weight: NonNegative = 0.02
    """This weighs the result's squared slopes where the content has none, against noise (grid only)."""
    evenness_weight: NonNegative = 0.06
    """This weighs the same slopes between the means of cells, against colours that drift (grid only)."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """A noise start is drawn with this seed."""

    def __post_init__(self) -> None:
        if len(self.evaluations) != len(self.sizes):
            raise ValueError(
                f"`evaluations`: as many numbers as `sizes` ({len(self.sizes)}), not {len(self.evaluations)}"
            )
        if self.canvas == "grid" and self.start == "noise":
            raise ValueError("`start`: a grid of colour maps has no noise to start from; set `canvas` to pixels")


class OneStage(Optimised, frozen=True, kw_only=True):
    """The paper's own way: the photorealism term inside the optimisation of the pixels."""

    evaluations: Count = 12
    """The losses are evaluated at most this often, at the size of the content."""
    photorealism_weight: NonNegative = 300.0
    """This weighs the affine energy per pixel (the paper's lambda)."""
