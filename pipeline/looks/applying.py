"""A look applied to photos, several at once."""

import os
from collections.abc import Sequence
from functools import partial

import numpy as np

from pipeline.delivery.destinations import Destined
from pipeline.delivery.orders import Order, order_of
from pipeline.images.reading import understand
from pipeline.images.saving import Encoded, Form
from pipeline.looks.look_file import Look
from pipeline.networks.faces import with_own_skin
from stages.free_memory import free_memory
from stages.look.table import Table, apply_table, apply_table_beyond, weakened

VERSION = 3
"""Raised when the code would make another file of the same photo and look."""
BYTES_AT_ONCE = 2**30
"""Free memory for each photo at work: one of 12 megapixels takes a quarter of it."""


def orders_of(
    photos: Sequence[Destined],
    look: Look,
    strength: float,
    form: Form = Form(),  # noqa: B008
    skin: float = 0.0,
) -> list[Order]:
    """What is to be made of photos by a look: 0 leaves them as they are, 1 is the look, more exaggerates it.

    skin: how far the skin of people keeps its hue.
    """
    table = weakened(look.table, strength)
    decides = f"look {VERSION} {look.digest()} {strength!r} {form} {skin!r}"
    return [order_of(one, decides, partial(_looked, one, table, form, skin)) for one in photos]


def photos_at_once() -> int:
    """As many as there are cores, and memory for."""
    return max(1, min(os.cpu_count() or 1, free_memory() // BYTES_AT_ONCE))


def _looked(one: Destined, table: Table, form: Form, skin: float) -> Encoded:
    (original, read), found = understand(one.photo, as_levels=not skin), list[str]()
    bits = form.bits_of(original)
    if not skin and original.beyond is None:
        looked = apply_table(table, original.photo, bits)
    else:
        looked = apply_table_beyond(table, original.whole())
    if skin:
        within = looked.clip(0, 1)
        looked = with_own_skin(within, original.photo, skin, found.append) + (looked - within)
    original = original._replace(photo=np.empty((0, 0, 3), np.float32), beyond=None)  # before there are further copies
    encoded = form.encode(one.output.suffix, looked, original, original.alpha)
    return encoded._replace(notes=(*read, *found, *encoded.notes))
