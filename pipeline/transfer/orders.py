"""Files that the user wants at places of his own: each is made by itself, and what is current is not made again.

What stands in a file's place and is not ours stays (`pipeline.store.deliveries`). What befalls one befalls no other.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.dataset.file_names import printable
from pipeline.images.saving import Encoded
from pipeline.run.summary import Failure, Summary
from pipeline.run.task import concerns_all
from pipeline.store.deliveries import ForeignFileError, deliver, find_delivery
from pipeline.store.files import digest_of, hash_bytes
from pipeline.store.system_errors import reason_of
from pipeline.transfer.destinations import Destined
from pipeline.upkeep.progress import Advance, OnEvent, Said, ignore, underway


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
    return Order(printable(one.photo.name), one.output, partial(recipe_of, one, decides), make)


def recipe_of(one: Destined, decides: str) -> str:
    """Hash of what decides a result: `decides`, the bytes of its photo or clip, and the ending of its own name.

    Raises:
        OSError: the photo or clip can't be read.
    """
    return hash_bytes(f"{decides} {one.output.suffix.lower()} {digest_of(one.photo)}".encode())


def carry_out_orders(
    orders: Sequence[Order], on_event: OnEvent = ignore, *, at_once: int = 1, force: bool = False
) -> Summary:
    """Makes the files that are not current.

    Args:
        orders: no two of one place.
        on_event: told what is going on.
        at_once: threads; what makes the files has to bear it.
        force: also those that are current, and in the place of files that are not ours.

    Raises:
        OSError: the disk is full.
        EncoderError: the encoder can't be had, for any of them.
    """
    began = time.monotonic()
    summary, failures = Summary(0, 0, ()), list[Failure]()
    # Decoders silence their warnings one by one, which is no work for several threads: they are silent throughout.
    with warnings.catch_warnings(), ThreadPoolExecutor(at_once) as pool, underway(on_event, "photos") as on_advance:
        warnings.simplefilter("ignore")
        jobs = {pool.submit(_carry_out, order, on_event, force=force): order for order in orders}
        try:
            for count, job in enumerate(as_completed(jobs), start=1):
                try:
                    summary = summary.counting(1, settled=not job.result())
                except Exception as error:
                    if concerns_all(error):
                        raise
                    failures.append(Failure(jobs[job].name, "", reason_of(error)))
                    on_event(Said(f"{jobs[job].name}: FAILED: {reason_of(error)}"))
                if len(jobs) == 1:
                    continue
                left = (time.monotonic() - began) / count * (len(jobs) - count)
                on_advance(Advance(count, len(jobs), "", left))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return summary._replace(failures=tuple(failures), seconds=time.monotonic() - began)


def not_ours(path: Path) -> str:
    """What is said of a file of the user's in an output's place."""
    return f"{path} is there and is not ours: move it away, or give --force to replace it"


def _carry_out(order: Order, on_event: OnEvent, *, force: bool) -> bool:
    """Whether there was anything to do."""
    recipe = order.recipe()
    found = find_delivery(order.output, recipe)
    if found == "current" and not force:
        return False
    if found == "foreign" and not force:
        raise ForeignFileError(not_ours(order.output))
    encoded = order.make()
    for note in encoded.notes:
        on_event(Said(f"{order.name}: {note}"))
    order.output.parent.mkdir(parents=True, exist_ok=True)
    deliver(order.output, encoded.data, recipe)
    return True
