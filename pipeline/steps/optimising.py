"""What the steps that optimise share: how their optimiser tells of itself, and what their manifests tell of it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.events.progress import Advance, OnAdvance
from stages.segment.remap import Regions

if TYPE_CHECKING:
    from stages.features import Encoder
    from stages.stylize import Iterate, Stylized


def telling(on_advance: OnAdvance) -> "Callable[[Iterate], None]":
    """The callback for an optimiser: tells of its iterates. The first is slow, and says nothing of the others."""
    first: tuple[int, float] | None = None

    def tell(iterate: "Iterate") -> None:
        nonlocal first
        now = time.monotonic()
        first = first or (iterate.step, now)
        step, began = first
        losses = [f"loss {iterate.loss:.3g}", *(f"{name} {value:.3g}" for name, value in iterate.losses.items())]
        more = iterate.step - step
        left = (now - began) * (iterate.total - iterate.step) / more if more else None
        on_advance(Advance(iterate.step, iterate.total, f"at {iterate.size} px, {' '.join(losses)}", left))

    return tell


def noting(on_advance: OnAdvance) -> Callable[[str], None]:
    """The callback for what an optimiser has to say of how it goes on."""
    return lambda text: on_advance(Advance(0, 0, text))


def facts_of(result: "Stylized", regions: Regions, encoder: "Encoder") -> dict[str, Any]:
    """What the manifest of an optimised image tells of the optimisation."""
    from stages.features.device import compute_dtype

    return {
        "device": str(encoder.device),
        "precision": str(compute_dtype(encoder.device)).removeprefix("torch."),
        "encoder": encoder.architecture,
        "losses": {name: float(loss) for name, loss in result.losses.items()},
        "evaluations": result.evaluations,
        "regions": regions.count,
    }
