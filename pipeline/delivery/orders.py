"""Files that the user wants at places of his own: each is made by itself, and what is current is not made again.

What stands in a file's place and is not ours stays (`pipeline.delivery.delivered`), and so does all that a command
reads, whoever made it. What befalls one befalls no other.
"""

import time
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.delivery.delivered import ForeignFileError, deliver, find_delivery
from pipeline.delivery.destinations import Destined
from pipeline.events.errors import concerns_all, reason_of
from pipeline.events.progress import Advance, OnEvent, Said, ignore, underway
from pipeline.events.summary import Failure, Summary
from pipeline.images.saving import Encoded
from pipeline.store.files import digest_of, hash_bytes

Identity = tuple[int, int]
"""Of a file: its device and its number there."""


class Laid(NamedTuple):
    """A file that was made beside its place, too large for memory."""

    data: Path
    notes: tuple[str, ...] = ()


class Order(NamedTuple):
    """One file: where it goes, what decides it, and what makes it."""

    name: str
    """What it is called on the screen."""
    output: Path
    recipe: Callable[[], str]
    """Hash of all that decides it."""
    make: Callable[[], Encoded | Laid]


def order_of(one: Destined, decides: str, make: Callable[[], Encoded | Laid]) -> Order:
    """What is made of one photo or clip."""
    return Order(one.output.name, one.output, partial(recipe_of, one, decides), make)


def recipe_of(one: Destined, decides: str) -> str:
    """Hash of what decides a result: `decides`, the bytes of its photo or clip, and the ending of its own name.

    Raises:
        OSError: the photo or clip can't be read.
    """
    return hash_bytes(f"{decides} {one.output.suffix.lower()} {digest_of(one.photo)}".encode())


def carry_out_orders(
    orders: Sequence[Order],
    on_event: OnEvent = ignore,
    *,
    read: Iterable[Path],
    at_once: int = 1,
    force: bool = False,
) -> Summary:
    """Makes the files that are not current.

    Args:
        orders: no two of one place.
        on_event: told what is going on.
        read: all files that the command reads, for these orders or for others: nothing is written over them.
        at_once: threads; what makes the files has to bear it.
        force: also those that are current, and in the place of files that are not ours.

    Raises:
        OSError: the disk is full.
        NetworkError: the encoder can't be had, for any of them.
    """
    began, kept = time.monotonic(), identities(read)
    summary, failures = Summary(0, 0, ()), list[Failure]()
    carry_out = partial(_carry_out, on_event=on_event, kept=kept, force=force)
    # Decoders silence their warnings one by one, which is no work for several threads: they are silent throughout.
    with (
        warnings.catch_warnings(),
        underway(on_event, "photos") as on_advance,
        closing(_ended(orders, carry_out, at_once)) as ended,
    ):
        warnings.simplefilter("ignore")
        for count, (order, made) in enumerate(ended, start=1):
            try:
                summary = summary.counting(1, settled=not made())
            except Exception as error:
                if concerns_all(error):
                    raise
                failures.append(Failure(order.name, "", reason_of(error)))
                on_event(Said(f"{order.name}: FAILED: {reason_of(error)}"))
            if len(orders) == 1:
                continue
            left = (time.monotonic() - began) / count * (len(orders) - count)
            on_advance(Advance(count, len(orders), "", left))
    return summary._replace(failures=tuple(failures), seconds=time.monotonic() - began)


def identities(files: Iterable[Path]) -> frozenset[Identity]:
    """Of those that are there; by whatever names, links and case they are called."""
    return frozenset(found for file in files if (found := _identity(file)) is not None)


def is_due(output: Path, recipe: str, kept: frozenset[Identity], *, force: bool) -> bool:
    """Whether a file is to be made.

    Args:
        output: its place.
        recipe: hash of all that decides it.
        kept: files that nothing is written over.
        force: also where it is current, and in the place of a file that is not ours.

    Raises:
        ForeignFileError: what stands in its place has to stay.
    """
    if _identity(output) in kept:
        raise ForeignFileError(f"{output} is read by this command, which never writes over it: give another place")
    if output.is_dir():
        raise ForeignFileError(f"{output} is a folder: give the name of a file")
    if wall := next((above for above in output.parents if above.exists() and not above.is_dir()), None):
        raise ForeignFileError(f"{wall} is a file, so there is no folder for {output.name}: give another place")
    found = find_delivery(output, recipe)
    if found == "foreign" and not force:
        raise ForeignFileError(f"{output} is there and is not ours: move it away, or give --force to replace it")
    return force or found != "current"


def _identity(file: Path) -> Identity | None:
    try:
        found = file.stat()
    except OSError:  # it is not there, or it is told where it is read
        return None
    return found.st_dev, found.st_ino


def _ended(
    orders: Sequence[Order], carry_out: Callable[[Order], bool], at_once: int
) -> Generator[tuple[Order, Callable[[], bool]], None, None]:
    """Each order when it ends, and what tells its outcome. One at a time, they are done in this thread, where Ctrl-C
    stops also an order that takes hours.
    """
    if at_once == 1:
        yield from ((order, partial(carry_out, order)) for order in orders)
        return
    with ThreadPoolExecutor(at_once) as pool:
        jobs = {pool.submit(carry_out, order): order for order in orders}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _carry_out(order: Order, on_event: OnEvent, kept: frozenset[Identity], *, force: bool) -> bool:
    """Whether there was anything to do."""
    recipe = order.recipe()
    if not is_due(order.output, recipe, kept, force=force):
        return False
    encoded = order.make()
    for note in encoded.notes:
        on_event(Said(f"{order.name}: {note}"))
    order.output.parent.mkdir(parents=True, exist_ok=True)
    deliver(order.output, encoded.data, recipe)
    return True
