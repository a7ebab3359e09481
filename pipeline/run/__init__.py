"""A dataset through the steps: the plan, the schedule, the workers, the cluster."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.run.dataset import run_dataset

__all__ = ["run_dataset"]


def __getattr__(name: str) -> Any:
    """Only when it is asked for: the steps, which it imports, import this package themselves."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline.run.dataset import run_dataset

    return run_dataset
