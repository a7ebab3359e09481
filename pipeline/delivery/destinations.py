"""Photos that were named on the command line, one by one or by their folder, and where the result of each goes."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import folded, images_among, is_plain, listed, printable
from pipeline.dataset.pairs import Fault
from pipeline.events.errors import in_words
from pipeline.images.saving import ENCODERS

MISSING = "there is no such file: check its name"
OTHERWISE = ".jpg"
"""What the result of a photo becomes whose own kind is only read."""


class Destined(NamedTuple):
    """A photo and the file that its result goes to."""

    photo: Path
    output: Path


class Named(NamedTuple):
    """All photos that are meant, and what of the command line is at fault."""

    photos: tuple[Path, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """What is passed over."""


class Destinations(NamedTuple):
    """The same, with where each result goes."""

    photos: tuple[Destined, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    named: tuple[Path, ...]
    """All photos that are meant, also those at fault."""


def photos_named(words: Sequence[Path]) -> Named:
    """Every photo once, in the order in which they were named; those of a folder in that of their names.

    words: photos, and folders of photos, whose subfolders are not looked into. No photo is opened.
    """
    photos, faults, notes = dict[Path, None](), list[Fault](), list[str]()
    for word in words:
        try:
            found = list(_photos_of(word, notes))
        except OSError as error:
            faults.append(Fault(printable(word.name), in_words(error, word)))
            continue
        if not found:
            faults.append(Fault(printable(word.name), f"{word}: holds no photo"))
        for photo in found:
            if not photo.exists():
                faults.append(Fault(printable(photo.name), f"{printable(str(photo))}: {MISSING}"))
            elif is_plain(photo.name):
                photos[photo] = None
            else:
                faults.append(Fault(printable(photo.name), f"{printable(str(photo))} can't be printed: rename it"))
    return Named(tuple(photos), tuple(faults), tuple(notes))


def names_a_file(to: Path) -> bool:
    """Whether what was given as a folder of results has the name of a result."""
    return to.suffix.lower() in ENCODERS and not to.is_dir()


def holds_photos(word: Path) -> bool:
    """Whether it is a folder with a photo in it."""
    return word.is_dir() and bool(images_among(word.iterdir()).read)


def with_written_ending(photo: Path) -> str:
    """The name of a photo's result."""
    return photo.name if photo.suffix.lower() in ENCODERS else f"{photo.stem}{OTHERWISE}"


def destinations(
    words: Sequence[Path], to: Path, name_of_result: Callable[[Path], str] = with_written_ending
) -> Destinations:
    """The photos that are named, each with the file that its result goes to.

    A result has its photo's name; its ending too, where files of that kind are written. Where it would take the name of
    another of its folder, as that of a raw file beside its JPEG, it has an ending more: hill.dng.jpg. Before names that
    are equal all the same stand those of the photos' folders: beach_content.jpg.

    words: as for `photos_named`. to: the folder of the results, which need not be there yet.
    """
    named = photos_named(words)
    photos, faults = list[Destined](), [*named.faults]
    names = {photo: name_of_result(photo) for photo in named.photos}
    of_folder = Counter((photo.parent, folded(name)) for photo, name in names.items())
    names |= {
        photo: f"{photo.name}{Path(name).suffix}"
        for photo, name in names.items()
        if name != photo.name and of_folder[photo.parent, folded(name)] > 1
    }
    several = Counter(map(folded, names.values()))
    apart = {photo: f"{_folder_of(photo)}_{name}" for photo, name in names.items() if several[folded(name)] > 1}
    taken: dict[str, Path] = {}
    for photo, name in (names | apart).items():
        other = taken.setdefault(folded(name), photo)
        if other != photo:
            why = f"its result would have the name of that of {other}: rename one, or give each a folder"
            faults.append(Fault(printable(photo.name), f"{photo}: {why}"))
        else:
            photos.append(Destined(photo, to / name))
    notes = [*named.notes]
    if apart:
        first, *_ = apart.values()
        notes.append(f"{len(apart)} results would have another's name: they have their folders' too, as {first} has")
    return Destinations(tuple(photos), tuple(faults), tuple(notes), named.photos)


def _folder_of(photo: Path) -> str:
    """The name of the folder that a photo lies in."""
    return printable(Path(os.path.abspath(photo)).parent.name)


def _photos_of(named: Path, notes: list[str]) -> Iterator[Path]:
    if not named.is_dir():
        yield named
        return
    images = images_among(path for path in named.iterdir() if not path.is_dir())
    yield from sorted(path for paths in images.read.values() for path in paths)
    if unread := sorted(path for paths in images.unread.values() for path in paths):
        notes.append(f"{named}: {listed(unread)}: of kinds that are not read: left out")
