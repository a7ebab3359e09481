"""What the commands on photos do: their orders, and the way they are carried out."""

from pipeline.cli.photo_commands import LookApply, LookExport, LookFit
from pipeline.dataset.destinations import destinations
from pipeline.dataset.file_names import printable
from pipeline.images.saving import Encoded
from pipeline.looks.applying import orders_of, photos_at_once
from pipeline.looks.fitting import FIT_VERSION, fit_look, in_words, read_example
from pipeline.looks.handing_off import encoder_for
from pipeline.looks.look_file import encode_look, read_look
from pipeline.run.orders import Order, carry_out_orders
from pipeline.run.plan import Failure, Summary
from pipeline.steps.progress import OnEvent, Said
from pipeline.store.files import hash_bytes, read_file
from stages.look.table import weakened


def work_on_photos(command: LookApply | LookFit | LookExport, on_event: OnEvent) -> Summary:
    """Does what a command asks for.

    Raises:
        LookError: the look can't be read, or can't be written under that name.
        OSError: the disk is full.
    """
    match command:
        case LookApply():
            return _apply(command, on_event)
        case LookFit():
            return _one_file(command, _fit(command), on_event)
        case LookExport():
            return _one_file(command, _export(command), on_event)


def _apply(command: LookApply, on_event: OnEvent) -> Summary:
    look, wanted = read_look(command.look), destinations(command.photos, command.to)
    for note in wanted.notes:
        on_event(Said(f"note: {note}"))
    faults = [Failure(fault.pair, "", fault.text) for fault in wanted.faults]
    orders = orders_of(wanted.photos, look, command.strength)
    summary = carry_out_orders(orders, on_event, at_once=photos_at_once(), force=command.force)
    return summary._replace(failures=(*faults, *summary.failures), folder=command.to)


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


def _one_file(command: LookFit | LookExport, order: Order, on_event: OnEvent) -> Summary:
    return carry_out_orders([order], on_event, force=command.force)._replace(folder=command.output.parent)
