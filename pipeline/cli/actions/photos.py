"""What the commands do that take photos through the stages: transfer, and look make."""

import os
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from pipeline.cli.options.photos import LookMake, Transfer
from pipeline.dataset.file_names import printable
from pipeline.dataset.pairs import Dataset, Pair
from pipeline.delivery.destinations import MISSING, destinations, names_a_file, photos_named
from pipeline.delivery.orders import Order, carry_out_orders
from pipeline.events.progress import OnEvent, Said
from pipeline.events.summary import Failure, Summary, failure_line
from pipeline.images.reading import understand
from pipeline.images.saving import ENCODERS, Encoded
from pipeline.looks.fitting import FIT_VERSION, Example
from pipeline.looks.look_file import LEFT_OUT, LookError, check_name, encode_look, misfit_in_words, read_look
from pipeline.looks.making import Style, make_look
from pipeline.run.dataset import run_dataset
from pipeline.settings.config import Config, ConfigError
from pipeline.steps.catalogue import STEP_VERSIONS
from pipeline.steps.step import Step
from pipeline.store.files import digest_of, hash_bytes, hash_file
from pipeline.transfer.solvable import Solvable
from pipeline.transfer.solving import solve_pairs
from pipeline.transfer.transfer import Job, transfer


def work_on_photos(command: Transfer | LookMake, on_event: OnEvent) -> Summary:
    """Does what a command asks for.

    Raises:
        ConfigError: the photos that are named make no sense together.
        OSError: the disk is full.
    """
    match command:
        case Transfer():
            return _transfer(command, on_event)
        case LookMake():
            return _make(command, on_event)


def _transfer(command: Transfer, on_event: OnEvent) -> Summary:
    jobs, faults, goes_to, read = _jobs(command, on_event)
    solve = partial(_solve, config=command.settings, goes_to=goes_to, on_event=on_event)
    summary = transfer(jobs, command.settings, solve, on_event, read=read, form=command.form, force=command.force)
    return summary._replace(failures=(*faults, *summary.failures), folder=goes_to, file=command.output)


def _solve(pairs: Sequence[Pair], config: Config, goes_to: Path, on_event: OnEvent) -> Solvable:
    """Takes pairs through the steps, in the cache."""

    def run(dataset: Dataset, results: Path, config: Config, steps: Sequence[Step]) -> Summary:
        return run_dataset(dataset, results, config, on_event, steps=steps, retry_failed=True)

    return solve_pairs(pairs, config, goes_to, run)


class _Asked(NamedTuple):
    jobs: list[Job]
    faults: list[Failure]
    goes_to: Path
    read: Sequence[Path]
    """All files that are read."""


def _jobs(command: Transfer, on_event: OnEvent) -> _Asked:
    """What a command asks for: two photos and a file, or photos, a style, and a folder or a file.

    Raises:
        ConfigError: it is neither.
    """
    photos, style, output = command.photos, command.style, command.output
    if style is None:
        if len(photos) != 2:
            raise ConfigError("give two photos, the one to change and the one with the look; or more, with --style")
        content, style = photos
        photos = (content,)
    if style.is_dir():
        raise ConfigError(f"{style} is a folder: the look is that of one photo; photostyle look make takes several")
    if (output is None) == (command.to is None):
        raise ConfigError("give --output FILE for one result, or --to FOLDER for one or more")
    if command.to is not None and names_a_file(command.to):
        raise ConfigError(f"--to {command.to} has the name of a file: give a folder, or --output {command.to}")
    if len(command.mask) not in (0, 2) or (command.mask and (len(photos) != 1 or photos[0].is_dir())):
        raise ConfigError("--mask wants two images, the photo's mask and the style's, and one photo")
    if output is not None:
        if len(photos) != 1 or photos[0].is_dir():
            raise ConfigError("--output is for one photo: give --to FOLDER")
        if output.suffix.lower() not in ENCODERS:
            raise ConfigError(f"--output {output}: give a name ending in {' or '.join(ENCODERS)}")
        if command.kind is not None and ENCODERS[f".{command.kind}"] is not ENCODERS[output.suffix.lower()]:
            raise ConfigError(f"--kind {command.kind} and --output {output} contradict each other: give one of them")
    _find("style", style)
    _find("mask", *command.mask)
    content_mask, style_mask = command.mask or (None, None)
    if output is not None:
        pair = Pair(output.name, photos[0], style, content_mask, style_mask)
        return _Asked([Job(pair, output)], [], output.parent, pair.files())
    assert command.to is not None  # one of the two is there
    wanted = destinations(photos, command.to, command.name_of_result)
    for note in wanted.notes:
        on_event(Said(f"note: {note}"))
    faults = [Failure(fault.pair, "", fault.text) for fault in wanted.faults]
    jobs = [Job(Pair(one.output.name, one.photo, style, content_mask, style_mask), one.output) for one in wanted.photos]
    return _Asked(jobs, faults, command.to, [*wanted.named, style, *command.mask])


def _find(what: str, *files: Path) -> None:
    """Raises ConfigError where what concerns all results is not there."""
    for file in files:
        if not file.exists():
            raise ConfigError(f"the {what} {file}: {MISSING}")


def _make(command: LookMake, on_event: OnEvent) -> Summary:
    named, styles = photos_named(command.photos), styles_of(command.style)
    check_name(command.output)
    _find("style", *(style.photo for style in styles))
    for note in named.notes:
        on_event(Said(f"note: {note}"))
    if not named.photos:
        raise ConfigError("\n".join(fault.text for fault in named.faults))
    faults = [Failure(fault.pair, "", fault.text) for fault in named.faults]
    style_files = [style.photo for style in styles]

    def recipe() -> str:
        files = [*map(hash_file, named.photos), *map(digest_of, style_files)]
        settings = msgspec.json.encode(structs.replace(command.settings, device="auto"), order="deterministic")
        shares = [style.share for style in styles]
        return hash_bytes(f"make {FIT_VERSION} {STEP_VERSIONS} {files} {shares} {settings!r}".encode())

    def solve(pairs: Sequence[Pair]) -> list[Example]:
        solvable = _solve(pairs, command.settings, command.output, on_event)
        if solvable.failures:
            raise LookError("\n".join(map(failure_line, solvable.failures)))
        read = lru_cache(2)(understand)
        solved = [solvable.solve[pair.name](read) for pair in pairs]
        return [Example(one.content, one.result) for one in solved]

    def make() -> Encoded:
        look = make_look(named.photos, styles, command.settings, solve, on_event)
        return Encoded(encode_look(look), (misfit_in_words(look),))

    orders = [Order(printable(command.output.name), command.output, recipe, make)]
    read = [*named.photos, *style_files, *filter(None, [command.config])]
    summary = carry_out_orders(orders, on_event, read=read, force=command.force)
    if not summary.failures:  # those that could not be read are told again by each run
        left_out = read_look(command.output).record.get(LEFT_OUT, {})
        faults += [Failure(printable(Path(photo).name), "", reason) for photo, reason in left_out.items()]
    return summary._replace(failures=(*faults, *summary.failures), file=command.output)


def styles_of(words: Sequence[str]) -> list[Style]:
    """Photos, and shares that sum to one: those that are given, brought to that, or what they leave to the others.

    Raises:
        ConfigError: shares that leave nothing.
    """
    named = [_with_share(word) for word in words]
    given = sum(share for _, share in named if share is not None)
    open_ones = sum(share is None for _, share in named)
    if open_ones and given >= 1:
        raise ConfigError(f"--style: the shares sum to {given:g}: nothing is left for the styles without one")
    scale = 1 / given if not open_ones else 1.0
    return [Style(path, (1 - given) / open_ones if share is None else share * scale) for path, share in named]


def _with_share(word: str) -> tuple[Path, float | None]:
    """A path, or a path and a share behind its last colon."""
    path, _, share = word.rpartition(":")
    if not path or Path(word).exists():
        return Path(os.path.expanduser(word)), None
    try:
        value = float(share)
    except ValueError:
        return Path(os.path.expanduser(word)), None
    if not 0 < value <= 1:
        raise ConfigError(f"--style {word}: a share is above 0 and at most 1")
    return Path(os.path.expanduser(path)), value
