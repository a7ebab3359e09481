"""What the commands do with looks that are there, or found in two photos: no stage is needed."""

from threading import Thread

from pipeline.cli.options.photos import LookApply, LookExport, LookFit
from pipeline.dataset.file_names import printable
from pipeline.delivery.destinations import destinations, holds_photos, names_a_file
from pipeline.delivery.orders import Order, carry_out_orders
from pipeline.events.progress import OnEvent, Said
from pipeline.events.summary import Failure, Summary
from pipeline.images.saving import Encoded
from pipeline.looks.applying import orders_of, photos_at_once
from pipeline.looks.export import encoder_for
from pipeline.looks.look_file import check_name, encode_look, misfit_in_words, read_look
from pipeline.settings.config import ConfigError
from pipeline.store.files import hash_bytes, read_file
from pipeline.video.applying import clip_orders_of
from pipeline.video.clip import clips_named, is_clip, with_clip_ending
from stages.look.table import make_ready, weakened


def work_on_looks(command: LookApply | LookFit | LookExport, on_event: OnEvent) -> Summary:
    """Does what a command asks for.

    Raises:
        ConfigError: the results' folder has the name of a file.
        LookError: the look can't be read, or can't be written under that name.
        OSError: the disk is full.
    """
    match command:
        case LookApply():
            return _apply(command, on_event)
        case LookFit():
            order, read = _fit(command), [command.content, command.result]
        case LookExport():
            order, read = _export(command), [command.look]
    summary = carry_out_orders([order], on_event, read=read, force=command.force)
    return summary._replace(file=command.output)


def _apply(command: LookApply, on_event: OnEvent) -> Summary:
    if names_a_file(command.to) or (is_clip(command.to) and not command.to.is_dir()):
        raise ConfigError(f"--to {command.to} has the name of a file: give a folder")
    Thread(target=make_ready).start()  # while the first photo is read
    look, *others = (read_look(path) for path in (command.look, *command.cuts))
    clips = clips_named(command.photos)
    photos = [word for word in command.photos if not clips_named([word]) or holds_photos(word)]
    wanted = destinations(photos, command.to, command.name_of_result)
    wanted_clips, strength = destinations(clips, command.to, with_clip_ending), command.settings.strength
    for note in (*wanted.notes, *wanted_clips.notes):
        on_event(Said(f"note: {note}"))
    faults = [Failure(fault.pair, "", fault.text) for fault in (*wanted.faults, *wanted_clips.faults)]
    skin = command.settings.protect.skin
    if skin and clips:
        on_event(Said("note: --protect is for photos: clips are made without"))
    if others and wanted.photos:
        on_event(Said("note: --cuts is for clips: photos get the first look"))
    orders = orders_of(wanted.photos, look, strength, command.form, skin)
    read = [command.look, *command.cuts, *wanted.named, *clips]
    summary = carry_out_orders(orders, on_event, read=read, at_once=photos_at_once(), force=command.force)
    tables = [look.table, *(other.table for other in others)]
    clip_orders = clip_orders_of(wanted_clips.photos, tables, strength, on_event, strip=command.strip)
    for_clips = carry_out_orders(clip_orders, on_event, read=read, force=command.force)  # each takes all cores
    return summary._replace(
        done=summary.done + for_clips.done,
        kept=summary.kept + for_clips.kept,
        failures=(*faults, *summary.failures, *for_clips.failures),
        seconds=summary.seconds + for_clips.seconds,
        folder=command.to,
    )


def _fit(command: LookFit) -> Order:
    from pipeline.looks.fitting import FIT_VERSION, fit_look, read_example

    check_name(command.output)

    def recipe() -> str:
        photos = (hash_bytes(read_file(path)) for path in (command.content, command.result))
        return hash_bytes(" ".join(["fit", str(FIT_VERSION), *photos]).encode())

    def make() -> Encoded:
        record = {"content": command.content.name, "result": command.result.name}
        look = fit_look([read_example(command.content, command.result)], record)
        return Encoded(encode_look(look), (misfit_in_words(look),))

    return Order(printable(command.output.name), command.output, recipe, make)


def _export(command: LookExport) -> Order:
    look = read_look(command.look)
    encode = encoder_for(command.output)

    def recipe() -> str:
        return hash_bytes(f"export {look.digest()} {command.strength!r} {command.output.name}".encode())

    def make() -> Encoded:
        misfit = misfit_in_words(look)
        notes = (misfit,) if misfit else ()
        return Encoded(encode(weakened(look.table, command.strength), command.output.stem), notes)

    return Order(printable(command.output.name), command.output, recipe, make)
