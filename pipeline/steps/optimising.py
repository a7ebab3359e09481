"""What the steps that optimise share: how the optimiser tells of itself, and what the manifest tells of it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.events.progress import Advance, OnAdvance
from pipeline.steps.step import Work

if TYPE_CHECKING:
    from stages.stylize import Iterate, Stylized


def optimised(work: Work, method: "Callable[..., Stylized]") -> "tuple[Stylized, dict[str, Any]]":
    """What a method makes of a pair by optimisation, and what its manifest is to tell of that.

    method: takes an encoder, regions, and callbacks for its iterates and for what it has to say.
    """
    from stages.features.device import compute_dtype

    def note(text: str) -> None:
        work.on_advance(Advance(0, 0, text))

    regions, on_iterate = work.inputs.regions, telling(work.on_advance)
    result, encoder = work.network.compute(
        lambda encoder: method(encoder=encoder, regions=regions, on_iterate=on_iterate, on_note=note), note
    )
    return result, {
        "device": str(encoder.device),
        "precision": str(compute_dtype(encoder.device)).removeprefix("torch."),
        "encoder": encoder.architecture,
        "losses": {name: float(loss) for name, loss in result.losses.items()},
        "evaluations": result.evaluations,
        "regions": regions.count,
    }


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
