"""The folder of a dataset's results: it belongs to one dataset, and one run writes to it at a time."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.dataset.pairs import Dataset, DatasetError
from pipeline.dataset.prepared import preparing
from pipeline.settings.config import Size, working_size
from pipeline.store.files import lock, write_atomically
from pipeline.store.manifest import FILE, read_manifest

OWNER = ".dataset"
"""In a folder of results: the dataset that they are of."""


def results_folder(results: Path, dataset: Dataset) -> Path:
    """`results/<dataset>`, to look at.

    Raises:
        DatasetError: it belongs to another dataset, whose folder has the same name; or it is the dataset itself.
    """
    folder = results / dataset.name
    if folder.resolve() == dataset.root:
        raise DatasetError(f"{folder.resolve()} is the dataset itself: give --results another folder")
    owner = folder / OWNER
    if owner.exists() and (root := owner.read_text("utf-8").strip()) != str(dataset.root):
        raise DatasetError(
            f"{folder} has the results of {root}: give --results for those of {dataset.root}; "
            f"or if it is the same dataset, which was moved, delete {owner}"
        )
    return folder


@contextmanager
def writing_results(results: Path, dataset: Dataset) -> Iterator[Path]:
    """`results/<dataset>`, made where it is missing, and held for as long as the block lasts.

    Raises:
        DatasetError: it belongs to another dataset, whose folder has the same name.
        LockedError: another run holds it.
        OSError: it can't be made or written to.
    """
    folder = results_folder(results, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "no permission to write", str(folder))
    with lock(folder):
        if not (folder / OWNER).exists():
            write_atomically(folder / OWNER, f"{dataset.root}\n".encode())
        with preparing(folder):
            yield folder


def size_made(pair_folder: Path) -> Size | None:
    """The size that a pair's results were made with; None where that is not known."""
    made = read_manifest(pair_folder / "stylize") or read_manifest(pair_folder / "draft")
    size: int | None = None if made is None else made.facts.get("working_size")
    return "native" if size == working_size("native") and (pair_folder / "native" / FILE).exists() else size
