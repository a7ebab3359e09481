"""The parameters of the stages, each with its one default.

Frozen msgspec structs: unknown fields are refused, values are checked when they are decoded from a file.
They live here, not beside the code that uses them, so that reading a configuration never imports torch.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]


class Smooth(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stage two: (L + lambda I) x = lambda y, per colour channel."""

    lam: Positive = field(default=0.1, name="lambda")
    """Weight of the stage-one image against the photorealism term; smaller is closer to the content's structure."""
    epsilon: Positive = 1e-7
    """Regularises each 3x3 window's colour covariance, as epsilon / 9 on colours in [0, 1] (Levin et al. 2008)."""
