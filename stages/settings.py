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
    """Stage two: (L + mu G + lambda I) r = lambda (y - a), x = a + r, per colour channel."""

    lam: Positive = field(default=3.0, name="lambda")
    """This weighs the light and the colours that stage one gives the photo's places against what makes a photograph:
    less spreads them wider, more keeps them where they are.
    `photostyle smooth` also takes several with commas between them, and lays the results side by side."""
    mu: NonNegative = 1.0
    """This weighs how even the difference to the anchor is where the content is even: more is cleaner. It is taken as
    it stands at a long edge of 700 pixels, and grows with the area, so that it means the same at every size."""
    emphasis: NonNegative = 1.5
    """The light that stage one gives the photo's places is taken so many times, and its colours by the root of it: 0 is
    not at all, 1 as they are, more has more of the style. Without an anchor it has no meaning."""
    anchor: Literal["colour", "none"] = "colour"
    """The solution is anchored to the content in the style's colours, region by region, or to nothing. Without one, and
    with mu 0, it is the plain photorealistic smoothing of FastPhotoStyle."""
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
    layer_weights: tuple[NonNegative, NonNegative, NonNegative, NonNegative, NonNegative] = (1.0,) * 5
    """These weigh the style's five layers against each other, from fine to coarse; only their proportions count."""
    content_weight: NonNegative = 0.1
    """This weighs the distance of a deeper layer's features to the content's: more is more of the content."""
    tv_weight: NonNegative = 1.0
    """This weighs the total variation of what is changed of the start."""
    chroma_weight: NonNegative = 1000.0
    """This weighs the total variation of the colours of that change: more, and there are fewer coloured speckles."""

    def __post_init__(self) -> None:
        if not any(self.layer_weights):
            raise ValueError("`layer_weights`: at least one of them is above 0")


class Stylize(Optimised, frozen=True, kw_only=True):
    """Stage one: segmentation-guided neural style optimisation."""

    start: Literal["colour", "content", "noise"] = "colour"
    """The optimisation starts from the content with its colours and its light matched to the style's, region by region,
    from the content itself, or from noise."""
    sizes: Counts = (100, 175)
    """These are the long edges in pixels of the scales, from coarse to fine."""
    evaluations: Counts = (40, 60)
    """The losses are evaluated at most this often, one number for each of the scales."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """A noise start is drawn with this seed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.evaluations) != len(self.sizes):
            raise ValueError(
                f"`evaluations`: as many numbers as `sizes` ({len(self.sizes)}), not {len(self.evaluations)}"
            )


class OneStage(Optimised, frozen=True, kw_only=True):
    """The paper's own way: the photorealism term inside the optimisation of the pixels."""

    tv_weight: NonNegative = 0.1
    """This weighs the total variation of the image."""
    chroma_weight: NonNegative = 0.0
    """This weighs the total variation of the image's colours; the paper has no such term."""
    evaluations: Count = 20
    """The losses are evaluated at most this often, at the size of the content."""
    photorealism_weight: NonNegative = 30000.0
    """This weighs the affine energy per pixel (the paper's lambda)."""
