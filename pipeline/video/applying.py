"""A look applied to a clip: made piece by piece, so that what was stopped goes on, then joined with its sound."""

import shutil
import time
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.dataset.file_names import printable
from pipeline.delivery.destinations import Destined
from pipeline.delivery.orders import Laid, Order, order_of, recipe_of
from pipeline.events.progress import Advance, OnAdvance, OnEvent, underway
from pipeline.store.cache import cache_folder
from pipeline.store.files import PART, hash_array, new_part
from pipeline.video.clip import Clip, ClipError, probe
from pipeline.video.cuts import find_cuts
from pipeline.video.grading import TableAt, grade
from pipeline.video.joining import join
from stages.look.table import Table, weakened

VERSION = 2
"""Raised when the code would make another clip of the same clip and look."""


def clip_orders_of(
    clips: Sequence[Destined], looks: Sequence[Table], strength: float, on_event: OnEvent, *, strip: bool
) -> list[Order]:
    """What is to be made of clips: strength 0 leaves them as they are, 1 is the look, more exaggerates it.

    looks: one for all of a clip, or one for each of its shots. strip: whether notes (date, place, ...) are left out.
    """
    tables = [weakened(look, strength) for look in looks]
    decides = f"clip {VERSION} {' '.join(map(hash_array, looks))} {strength!r}{' stripped' * strip}"
    return [order_of(one, decides, partial(_made, one, decides, tables, on_event, strip=strip)) for one in clips]


def _made(one: Destined, decides: str, tables: Sequence[Table], on_event: OnEvent, *, strip: bool) -> Laid:
    """The pieces are kept in the cache until all are there: the next run goes on from what there is.

    Raises:
        ClipError: the clip can't be read, or its sound not be kept; or there are not as many shots as looks.
        OSError: it can't be written.
    """
    clip = probe(one.photo)
    folder = cache_folder() / "clips" / recipe_of(one, decides)
    folder.mkdir(parents=True, exist_ok=True)
    with underway(on_event, printable(one.photo.name), row=1) as on_advance:
        pieces = _pieces(clip, folder, _by_shots(clip, tables), on_advance)
    one.output.parent.mkdir(parents=True, exist_ok=True)
    part = new_part(one.output)
    try:
        left_out = join(pieces, one.photo, part, one.output.suffix.lower(), strip=strip)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    shutil.rmtree(folder)
    return Laid(part, (*clip.notes, *left_out))


def _by_shots(clip: Clip, tables: Sequence[Table]) -> TableAt:
    if len(tables) == 1:
        return lambda time: tables[0]
    cuts = find_cuts(clip)
    if len(cuts) + 1 != len(tables):
        at = ", ".join(f"{float((time - clip.starts[0]) * clip.time_base):.2f}" for time in cuts)
        shots = f"{len(cuts) + 1} shots (cuts at {at} s)" if cuts else "one shot"
        raise ClipError(
            f"{clip.path}: has {shots}, and {len(tables)} looks are given: give one for each, or one for all"
        )
    return lambda time: tables[bisect_right(cuts, time)]


def _pieces(clip: Clip, folder: Path, table_at: TableAt, on_advance: OnAdvance) -> list[Path]:
    pieces = [folder / f"{number:05d}.nut" for number in range(len(clip.starts))]
    missing = [number for number, piece in enumerate(pieces) if not piece.exists()]
    kept = clip.frames * (len(pieces) - len(missing)) // len(pieces)
    began, done = time.monotonic(), 0

    def count() -> None:
        nonlocal done
        done += 1
        seconds = time.monotonic() - began
        left = seconds / done * max(0, clip.frames - kept - done)
        on_advance(Advance(kept + done, clip.frames, f"{done / max(seconds, 1e-3):.1f} frames a second", left))

    for number in missing:
        part = pieces[number].with_suffix(PART)
        grade(clip, number, table_at, part, count)
        part.replace(pieces[number])
    return pieces
