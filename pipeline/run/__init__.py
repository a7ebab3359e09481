"""A dataset through the steps: the plan, the schedule, the workers, the cluster."""
