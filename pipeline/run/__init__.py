"""A dataset through the steps: the plan, the schedule, the workers, the cluster."""

from pipeline.run.dataset import run_dataset

__all__ = ["run_dataset"]
