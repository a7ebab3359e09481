"""A contact sheet: labelled pictures in rows, to be judged side by side."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stages.arrays import Photo

TILE = 480
"""Longest edge of a picture on the sheet, pixels."""
GAP = 16
LABEL, CAPTION, TITLE = 20, 15, 26
"""Sizes of the writing, pixels."""
PAPER, INK, PALE_INK = (255, 255, 255), (20, 20, 20), (100, 100, 100)


class Tile(NamedTuple):
    """A picture with what stands under it."""

    label: str
    image: Photo
    """(H, W, 3), sRGB in [0, 1]."""
    caption: str = ""


def contact_sheet(title: str, rows: Sequence[Sequence[Tile]]) -> Photo:
    """Lays out rows of pictures, each brought down to at most 480 pixels and never enlarged, on white.

    Args:
        title: stands above.
        rows: from top to bottom; rows may have different lengths, empty ones take no room.

    Returns:
        (H, W, 3) float32 in [0, 1].

    Raises:
        ValueError: there is no picture at all.
    """
    pictures = [[(tile, _brought_down(tile.image)) for tile in row] for row in rows if row]
    if not pictures:
        raise ValueError("a contact sheet needs a picture")
    writing = LABEL + CAPTION + GAP
    heights = [max(picture.height for _, picture in row) + writing for row in pictures]
    width = GAP + max(len(row) for row in pictures) * (TILE + GAP)
    sheet = Image.new("RGB", (width, TITLE + 2 * GAP + sum(heights) + GAP * len(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (GAP, GAP), title, TITLE, INK, width - 2 * GAP)
    top = TITLE + 2 * GAP
    for row, height in zip(pictures, heights, strict=True):
        for column, (tile, picture) in enumerate(row):
            left = GAP + column * (TILE + GAP)
            sheet.paste(picture, (left, top))
            below = top + picture.height + GAP // 4
            _write(draw, (left, below), tile.label, LABEL, INK, TILE)
            _write(draw, (left, below + LABEL + GAP // 4), tile.caption, CAPTION, PALE_INK, TILE)
        top += height + GAP
    return np.asarray(sheet, dtype=np.float32) / np.float32(255)


def _brought_down(image: Photo) -> Image.Image:
    picture = Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8))
    picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    return picture


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, ink: tuple[int, int, int], room: int
) -> None:
    """Writes one line, cut short where it would run into its neighbour."""
    font = ImageFont.load_default(size)
    if font.getlength(text) > room:
        while text and font.getlength(text + "...") > room:
            text = text[:-1]
        text += "..."
    draw.text(at, text, fill=ink, font=font)
