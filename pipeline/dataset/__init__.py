"""Datasets: where the files of each pair are, what is set for them, and what the stages take of them."""

from pipeline.dataset.inputs import load_inputs
from pipeline.dataset.pairs import open_dataset

__all__ = ["load_inputs", "open_dataset"]
