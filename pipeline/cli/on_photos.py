"""What the commands on photos do: their orders, and the way they are carried out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from pipeline.cli.photo_commands import LookApply, LookExport, LookFit, LookMake, Transfer
from pipeline.dataset.config import ConfigError
from pipeline.dataset.destinations import destinations, photos_named
from pipeline.dataset.file_names import printable
from pipeline.dataset.layouts import Pair
from pipeline.images.saving import ENCODERS, Encoded
from pipeline.looks.applying import orders_of, photos_at_once
from pipeline.looks.fitting import FIT_VERSION, fit_look, in_words, read_example
from pipeline.looks.handing_off import encoder_for
from pipeline.looks.look_file import encode_look, read_look
from pipeline.looks.making import Style, make_look
from pipeline.run.orders import Order, carry_out_orders
from pipeline.run.plan import Failure, Summary
from pipeline.store.files import hash_bytes, read_file
from pipeline.transfer.solving import STEP_VERSIONS
from pipeline.transfer.transfer import Job, transfer
from pipeline.upkeep.progress import OnEvent, Said
from pipeline.video.applying import clip_orders_of
from pipeline.video.clip import is_clip, with_clip_ending
from stages.look.table import weakened


def work_on_photos(command: Transfer | LookMake | LookApply | LookFit | LookExport, on_event: OnEvent) -> Summary:
    """Does what a command asks for.

    Raises:
        LookError: the look can't be read, or can't be written under that name.
        OSError: the disk is full.
    """
    match command:
        case Transfer():
            return _transfer(command, on_event)
        case LookMake():
            return _one_file(command, _make(command, on_event), on_event)
        case LookApply():
            return _apply(command, on_event)
        case LookFit():
            return _one_file(command, _fit(command), on_event)
        case LookExport():
            return _one_file(command, _export(command), on_event)


def _transfer(command: Transfer, on_event: OnEvent) -> Summary:
    jobs, faults, goes_to = _jobs(command, on_event)
    summary = transfer(jobs, command.settings, goes_to, on_event, form=command.form, force=command.force)
    return summary._replace(failures=(*faults, *summary.failures), folder=goes_to)


class _Asked(NamedTuple):
    jobs: list[Job]
    faults: list[Failure]
    goes_to: Path


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
    if (output is None) == (command.to is None):
        raise ConfigError("give --output FILE for one result, or --to FOLDER for one or more")
    if len(command.mask) not in (0, 2) or (command.mask and (len(photos) != 1 or photos[0].is_dir())):
        raise ConfigError("--mask wants two images, the photo's mask and the style's, and one photo")
    content_mask, style_mask = command.mask or (None, None)
    if output is not None:
        if len(photos) != 1 or photos[0].is_dir():
            raise ConfigError("--output is for one photo: give --to FOLDER")
        if output.suffix.lower() not in ENCODERS:
            raise ConfigError(f"--output {output}: give a name ending in {' or '.join(ENCODERS)}")
        pair = Pair(output.name, photos[0], style, content_mask, style_mask)
        return _Asked([Job(pair, output)], [], output.parent)
    assert command.to is not None  # one of the two is there
    wanted = destinations(photos, command.to, command.name_of_result)
    for note in wanted.notes:
        on_event(Said(f"note: {note}"))
    faults = [Failure(fault.pair, "", fault.text) for fault in wanted.faults]
    jobs = [Job(Pair(one.output.name, one.photo, style, content_mask, style_mask), one.output) for one in wanted.photos]
    return _Asked(jobs, faults, command.to)


def _apply(command: LookApply, on_event: OnEvent) -> Summary:
    look = read_look(command.look)
    clips = [path for path in command.photos if is_clip(path)]
    photos = [path for path in command.photos if not is_clip(path)]
    wanted = destinations(photos, command.to, command.name_of_result)
    wanted_clips, strength = destinations(clips, command.to, with_clip_ending), command.settings.strength
    for note in wanted.notes:
        on_event(Said(f"note: {note}"))
    faults = [Failure(fault.pair, "", fault.text) for fault in (*wanted.faults, *wanted_clips.faults)]
    skin = command.settings.protect.skin
    if skin and clips:
        on_event(Said("note: --protect is for photos: clips are made without"))
    orders = orders_of(wanted.photos, look, strength, command.form, skin)
    summary = carry_out_orders(orders, on_event, at_once=photos_at_once(), force=command.force)
    looks = [look, *(read_look(path) for path in command.cuts)]
    clip_orders = clip_orders_of(wanted_clips.photos, looks, strength, on_event)
    for_clips = carry_out_orders(clip_orders, on_event, force=command.force)  # each takes all cores
    return summary._replace(
        done=summary.done + for_clips.done,
        kept=summary.kept + for_clips.kept,
        failures=(*faults, *summary.failures, *for_clips.failures),
        seconds=summary.seconds + for_clips.seconds,
        folder=command.to,
    )


def _make(command: LookMake, on_event: OnEvent) -> Order:
    named, styles = photos_named(command.photos), styles_of(command.style)
    for note in named.notes:
        on_event(Said(f"note: {note}"))
    if named.faults:
        raise ConfigError("\n".join(fault.text for fault in named.faults))

    def recipe() -> str:
        files = [hash_bytes(read_file(path)) for path in (*named.photos, *(style.photo for style in styles))]
        settings = msgspec.json.encode(structs.replace(command.settings, device="auto"), order="deterministic")
        shares = [style.share for style in styles]
        return hash_bytes(f"make {FIT_VERSION} {STEP_VERSIONS} {files} {shares} {settings!r}".encode())

    def make() -> Encoded:
        look = make_look(named.photos, styles, command.settings, command.output, on_event)
        return Encoded(encode_look(look), (in_words(look),))

    return Order(printable(command.output.name), command.output, recipe, make)


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
        return Path(word).expanduser(), None
    try:
        value = float(share)
    except ValueError:
        return Path(word).expanduser(), None
    if not 0 < value <= 1:
        raise ConfigError(f"--style {word}: a share is above 0 and at most 1")
    return Path(path).expanduser(), value


def _fit(command: LookFit) -> Order:
    def recipe() -> str:
        photos = (hash_bytes(read_file(path)) for path in (command.content, command.result))
        return hash_bytes(" ".join(["fit", str(FIT_VERSION), *photos]).encode())

    def make() -> Encoded:
        record = {"content": command.content.name, "result": command.result.name}
        look = fit_look([read_example(command.content, command.result)], record)
        return Encoded(encode_look(look), (in_words(look),))

    return Order(printable(command.output.name), command.output, recipe, make)


def _export(command: LookExport) -> Order:
    look = read_look(command.look)
    encode = encoder_for(command.output)

    def recipe() -> str:
        return hash_bytes(f"export {look.digest()} {command.strength!r} {command.output.name}".encode())

    def make() -> Encoded:
        notes = (in_words(look),) if in_words(look) else ()
        return Encoded(encode(weakened(look.table, command.strength), command.output.stem), notes)

    return Order(printable(command.output.name), command.output, recipe, make)


def _one_file(command: LookMake | LookFit | LookExport, order: Order, on_event: OnEvent) -> Summary:
    return carry_out_orders([order], on_event, force=command.force)._replace(folder=command.output.parent)
