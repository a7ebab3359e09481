"""Datasets: where the files of each pair are, and what the stages take of them."""

from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset

__all__ = ["load_inputs", "open_dataset"]
