"""Manifests: what a stage's outputs were made from, and whether they still are what it made.

A manifest is written after the outputs it describes and taken away before they are overwritten, so one that is there
speaks of whole files. Fingerprints are made of decoded images and settings, never of dates.
"""

import errno
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from pipeline.store.files import hash_bytes, hash_file, read_file, staged, swap_in, sync_folder, write_atomically
from pipeline.store.recall import Known, Recall, anew

FILE = "manifest.json"
FAILURE_FILE = "failure.txt"
ATTEMPT = "attempt: "
JOURNAL = ".publishing.json"
"""Beside outputs that are being replaced: the hashes of the old ones and of the new."""

BYTES = "bytes"
MOST_BYTES = 100_000_000
"""Of a manifest: the comparison's, with a line for each image of ten thousand pairs, has some ten million."""

MOST_TOLD = 2000
"""Characters of a reason."""


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All that decides a stage's result."""

    stage: str
    version: int
    """Raised when the stage's code would make another result of the same inputs."""
    inputs: dict[str, str]
    """Hashes of the decoded inputs by name."""
    settings: dict[str, Any]
    """That stage's own section of the configuration."""

    def fingerprint(self) -> str:
        """BLAKE2b over everything in the recipe."""
        return hash_bytes(msgspec.json.encode(self, order="deterministic"))

    def changes(self, before: "Recipe") -> list[str]:
        """What differs from an earlier recipe, in words."""
        words = []
        if self.version != before.version:
            words.append(f"version {before.version} -> {self.version}")
        for name in sorted(self.inputs.keys() | before.inputs.keys()):
            if name not in before.inputs:
                words.append(f"{name} added")
            elif name not in self.inputs:
                words.append(f"{name} removed")
            elif self.inputs[name] != before.inputs[name]:
                words.append(f"{name} changed")
        for key in sorted(self.settings.keys() | before.settings.keys()):
            new, old = self.settings.get(key), before.settings.get(key)
            if new != old:
                words.append(f"{key} {old} -> {new}")
        return [_plain(word) for word in words]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """A stage's finished work on one pair."""

    recipe: Recipe
    fingerprint: str
    outputs: dict[str, str]
    """Hashes of the files by name."""
    facts: dict[str, Any]
    """Recorded and not part of the fingerprint: seconds, memory, device, encoder, versions, losses, residual."""

    def intact(self, folder: Path, recall: Recall = anew) -> bool:
        """Whether every output is there, byte for byte."""
        return all(file_hash(folder / name, recall) == digest for name, digest in self.outputs.items())


class _Facts(Struct):
    """Those that anybody reads again, all of them optional; other types than these were not written by us."""

    encoder: str | None = None
    start: str | None = None
    evaluations: int | None = None
    working_size: int | None = None
    seconds: float | None = None
    process_peak_mib: int | None = None
    step_seconds: dict[str, float] | None = None
    versions: dict[str, str] | None = None


def file_hash(path: Path, recall: Recall = anew) -> str | None:
    """BLAKE2b of a file's bytes, from memory where it is untouched; None where it can't be read."""

    def find_out() -> Known:
        digest = hash_file(path)
        return Known({} if digest is None else {BYTES: digest})

    return recall("/".join(path.parts[-3:]), [path], find_out).hashes.get(BYTES)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a stage's folder; None where there is none, or none that can be trusted."""
    try:
        manifest = msgspec.json.decode(read_file(folder / FILE, MOST_BYTES), type=Manifest)
        msgspec.convert(manifest.facts, _Facts)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    inside = all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in manifest.outputs)
    return manifest if inside and manifest.fingerprint == manifest.recipe.fingerprint() else None


def foreign_files(folder: Path, names: Iterable[str], recall: Recall = anew) -> list[str]:
    """Those of these files that are there and that we did not write, by a manifest or by a publication cut short."""
    ours = _written_by_us(folder)
    there = [name for name in names if (folder / name).is_file()]
    return [name for name in there if file_hash(folder / name, recall) not in ours.get(name, ())]


def _written_by_us(folder: Path) -> dict[str, list[str]]:
    """Hashes of what may stand under each name, by the manifest and by the journal of a publication cut short."""
    manifest = read_manifest(folder)
    try:
        ours = msgspec.json.decode(read_file(folder / JOURNAL, MOST_BYTES), type=dict[str, list[str]])
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        ours = {}
    for name, digest in manifest.outputs.items() if manifest is not None else ():
        ours.setdefault(name, []).append(digest)
    return ours


def _set_aside(path: Path) -> str:
    """Copies a file that somebody else made, so that it outlives what is put in its place; the copy's name."""
    copies = (path.with_name(f"{path.stem}.kept{number}{path.suffix}") for number in count(1))
    copy = next(copy for copy in copies if not copy.exists())
    write_atomically(copy, read_file(path))
    return copy.name


def publish(folder: Path, recipe: Recipe, outputs: Mapping[str, bytes], facts: Mapping[str, Any]) -> dict[str, str]:
    """Puts a stage's outputs and, last, their manifest in the place of what was there.

    All is on the disk before anything old is touched: a full disk leaves the old result as it was. A kill at any moment
    leaves nothing that passes for current. A file in an output's place that we did not write is kept as
    `<name>.kept1.<suffix>`. Returns the names of such files, and of their copies.

    Raises:
        OSError: the disk is full or the folder can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    foreign, ours = foreign_files(folder, outputs), _written_by_us(folder)
    digests = {name: hash_bytes(data) for name, data in outputs.items()}
    journal = {name: [digest, *ours.get(name, ())] for name, digest in digests.items()}
    first = {folder / JOURNAL: msgspec.json.encode(journal)}
    results = {folder / name: data for name, data in outputs.items()}
    last = {folder / FILE: _encode(Manifest(recipe, recipe.fingerprint(), digests, dict(facts)))}
    with staged(first) as journal_part, staged(results) as parts, staged(last) as manifest_part:
        aside = {name: _set_aside(folder / name) for name in foreign}
        swap_in(journal_part)
        withdraw(folder)
        swap_in(parts)
        swap_in(manifest_part)
    (folder / JOURNAL).unlink(missing_ok=True)
    (folder / FAILURE_FILE).unlink(missing_ok=True)
    return aside


def withdraw(folder: Path) -> None:
    """Takes the manifest away, before what it speaks of is overwritten."""
    (folder / FILE).unlink(missing_ok=True)
    sync_folder(folder)


def _encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


class RecordedFailure(NamedTuple):
    """Why a stage has no result, and of which attempt that is known."""

    text: str
    attempt: str
    """Digest of what would have to change for another outcome to be expected; "" where it is always tried again."""


def record_failure(folder: Path, text: str, attempt: str = "") -> None:
    """Leaves word in a stage's folder of why it has no result; the next success takes it away.

    Where nothing can be written, in a folder that is none, say, that is all the same: the failure has been told.

    Raises:
        OSError: the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FAILURE_FILE, f"{text}\n{ATTEMPT}{attempt}\n".encode())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise


def read_failure(folder: Path) -> RecordedFailure | None:
    """What was recorded; None where nothing failed."""
    try:
        text = read_file(folder / FAILURE_FILE, MOST_BYTES).decode(errors="replace")
    except OSError:
        return None
    text, _, attempt = text.rpartition(f"\n{ATTEMPT}")
    return RecordedFailure(_plain(text), attempt.strip())


def _plain(text: str) -> str:
    """What a file says, fit for the screen: printable characters, and not without end."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text[:MOST_TOLD])
