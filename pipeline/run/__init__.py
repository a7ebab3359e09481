"""A dataset through the steps: how a rerun decides, the plan, the schedule, and those who do the work."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.run.dataset import run_dataset

__all__ = ["run_dataset"]


def __getattr__(name: str) -> Any:
    """Photos that are in no dataset need a part of this room only: the rest is loaded where it is asked for."""
    if name != "run_dataset":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from pipeline.run.dataset import run_dataset

    return run_dataset
