"""The look of photos for others: each pair through the stages in the cache, its result to where the user wants it."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import structs
from numpy.typing import NDArray

from pipeline.dataset.pairs import Pair
from pipeline.delivery.delivered import ForeignFileError
from pipeline.delivery.orders import Order, carry_out_orders, identities, is_due
from pipeline.events.errors import reason_of
from pipeline.events.progress import OnEvent, ignore
from pipeline.events.summary import Failure, Summary
from pipeline.images.encoding import rounded
from pipeline.images.reading import understand
from pipeline.images.saving import Encoded, Form
from pipeline.images.sizes import shrink
from pipeline.settings.config import Config
from pipeline.steps.catalogue import STEP_VERSIONS
from pipeline.steps.native import carried_up
from pipeline.store.files import hash_bytes, read_file
from pipeline.transfer.solvable import Read, Solve, Solved

VERSION = 2
"""Raised when the code would make another file of the same result."""
AT_A_TIME = 16
"""Pairs that go through the stages before their results are delivered: the first need not wait for the last."""
REMEMBERED = 2
"""Photos in memory: a content, and the style of all."""


class Job(NamedTuple):
    """A pair, and the file that its result goes to."""

    pair: Pair
    output: Path


def transfer(
    jobs: Sequence[Job],
    config: Config,
    solve: Solve,
    on_event: OnEvent = ignore,
    *,
    read: Iterable[Path],
    form: Form = Form(),  # noqa: B008 - it is immutable
    force: bool = False,
) -> Summary:
    """Gives photos the look of others, as far as the results are not there yet.

    Args:
        jobs: pairs of different names, to different files.
        config: all settings. With size native, a result has its photo's own size.
        solve: takes the pairs through the stages; may raise what it likes.
        on_event: told what is going on.
        read: all files that the command reads: nothing is written over them.
        form: of the files.
        force: also what is current, and in the place of files that are not ours.

    Raises:
        OSError: the disk is full.
    """
    began, kept = time.perf_counter(), identities(read)
    summary, failures, due = Summary(0, 0, ()), list[Failure](), list[Job]()
    for job in jobs:
        try:
            if is_due(job.output, _recipe(job, config, form), kept, force=force):
                due.append(job)
            else:
                summary = summary.counting(1, settled=True)
        except (OSError, ForeignFileError) as error:  # before the minutes that its result takes
            failures.append(Failure(job.pair.name, "", reason_of(error)))
    photos: Read = lru_cache(REMEMBERED)(understand)
    for first in range(0, len(due), AT_A_TIME):
        group = due[first : first + AT_A_TIME]
        solvable = solve([job.pair for job in group])
        orders = [
            Order(
                job.pair.name,
                job.output,
                partial(_recipe, job, config, form),
                partial(_finished, job, solvable.solve[job.pair.name], config, form, photos),
            )
            for job in group
            if job.pair.name in solvable.solve
        ]
        delivered = carry_out_orders(orders, on_event, read=read, force=force)
        summary = summary._replace(done=summary.done + delivered.done)
        failures += [*solvable.failures, *delivered.failures]
    return summary._replace(failures=tuple(failures), seconds=time.perf_counter() - began)


def _finished(job: Job, solve: Callable[[Read], Solved], config: Config, form: Form, read: Read) -> Encoded:
    """The file of a result that was found at the working size."""
    solved = solve(read)
    original = read(job.pair.content).original
    bits, alpha = form.bits_of(original), original.alpha
    if config.size == "native":
        levels = bits if original.beyond is None else None  # what lies beyond sRGB is clipped where it is written
        pixels: NDArray[Any] = carried_up(solved.content, solved.result, original.whole(), levels)
    else:
        pixels = rounded(solved.result, bits)
        alpha = None if alpha is None else shrink(alpha[..., None], config.size)[..., 0]
    encoded = form.encode(job.output.suffix, pixels, original, alpha)
    return encoded._replace(notes=(*solved.notes, *encoded.notes))


def _recipe(job: Job, config: Config, form: Form) -> str:
    """Hash of all that decides a result: known before anything is decoded."""
    settings = msgspec.json.encode(structs.replace(config, device="auto"), order="deterministic")
    versions = f"{VERSION} {STEP_VERSIONS} {form}"
    files = [hash_bytes(read_file(path)) for path in job.pair.files()]
    return hash_bytes(b" ".join([b"transfer", versions.encode(), *(each.encode() for each in files), settings]))
