"""Photos that were named on the command line, one by one or by their folder, and where the result of each goes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import folded, images_among, listed, printable
from pipeline.dataset.layouts import Fault
from pipeline.images.saving import ENCODERS
from pipeline.store.system_errors import in_words

OTHERWISE = ".jpg"
"""What the result of a photo becomes whose own kind is only read."""


class Destined(NamedTuple):
    """A photo and the file that its result goes to."""

    photo: Path
    output: Path


class Destinations(NamedTuple):
    """All of them, and what of the command line is at fault."""

    photos: tuple[Destined, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """What is passed over."""


def destinations(named: Sequence[Path], to: Path) -> Destinations:
    """Every photo, in the order in which they were named; those of a folder in that of their names.

    A result has its photo's name; its ending too, where files of that kind are written. Nothing is opened.

    Args:
        named: photos, and folders of photos, whose subfolders are not looked into.
        to: the folder of the results, which need not be there yet.
    """
    photos, faults, notes = list[Destined](), list[Fault](), list[str]()
    taken: dict[str, Path] = {}
    for one in named:
        try:
            found = list(_photos_of(one, notes))
        except OSError as error:
            faults.append(Fault(printable(one.name), in_words(error, one)))
            continue
        if not found:
            faults.append(Fault(printable(one.name), f"{one}: holds no photo"))
        for photo in found:
            output = to / with_written_ending(photo)
            other = taken.get(folded(output.name))
            if other == photo:  # named twice
                continue
            taken.setdefault(folded(output.name), photo)
            if other is not None:
                why = f"its result would have the name of that of {other}: rename one, or give each a folder"
                faults.append(Fault(printable(photo.name), f"{photo}: {why}"))
            elif output.exists() and output.resolve() == photo.resolve():
                why = "its result would overwrite it: give another folder"
                faults.append(Fault(printable(photo.name), f"{photo}: {why}"))
            else:
                photos.append(Destined(photo, output))
    return Destinations(tuple(photos), tuple(faults), tuple(notes))


def with_written_ending(photo: Path) -> str:
    """The name of a photo's result."""
    return photo.name if photo.suffix.lower() in ENCODERS else f"{photo.stem}{OTHERWISE}"


def _photos_of(named: Path, notes: list[str]) -> Iterator[Path]:
    if not named.is_dir():
        yield named
        return
    images = images_among(named.iterdir())
    yield from sorted(path for paths in images.read.values() for path in paths)
    if unread := sorted(path for paths in images.unread.values() for path in paths):
        notes.append(f"{named}: {listed(unread)}: of kinds that are not read: left out")
