"""Frames through a look, and into a file: a piece of a clip at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.video.clip import BT709, FULL, Clip, ClipError, opened
from stages.look.table import Table, apply_table

if TYPE_CHECKING:
    from av import VideoFrame

LIMITED = 1
CODECS = {
    8: ("libx264", {"preset": "veryfast", "crf": "16", "bf": "0"}),
    10: ("libx265", {"preset": "veryfast", "crf": "16", "bf": "0", "x265-params": "log-level=error:bframes=0"}),
}
"""By bits. Without frames that look ahead, pieces can be put one behind the other at whatever times."""

TableAt = Callable[[int], Table]
"""The table for the frame at a time, in the clip's time base."""


def grade(clip: Clip, piece: int, table_at: TableAt, output: Path, on_frame: Callable[[], None]) -> None:
    """Writes a piece of a clip, without sound, every frame through a look.

    Args:
        piece: its number, from 0.
        table_at: the table of each time.
        output: a NUT file: it keeps all times as they are.
        on_frame: told of each.

    Raises:
        ClipError: the clip is damaged, or changes its size.
        OSError: it can't be written.
    """
    import av

    start = clip.starts[piece]
    end = clip.starts[piece + 1] if piece + 1 < len(clip.starts) else None
    with (
        opened(clip.path) as source,
        av.open(str(output), "w", format="nut") as target,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        encoder: Any = None
        waiting = deque[Future[Any]]()

        def write(frame: Any) -> None:
            nonlocal encoder
            encoder = encoder or _encoder(target, clip, frame, stream)
            target.mux(encoder.encode(frame))
            on_frame()

        for frame in _frames(clip, source, stream, start, end):
            assert frame.pts is not None  # _frames sees to it
            waiting.append(pool.submit(_graded, frame, clip, table_at(frame.pts)))
            if len(waiting) > pool._max_workers:
                write(waiting.popleft().result())
        for left in waiting:
            write(left.result())
        if encoder is not None:
            target.mux(encoder.encode(None))


def _frames(clip: Clip, source: Any, stream: Any, start: int, end: int | None) -> "Iterator[VideoFrame]":
    """Those of a piece, in order; what its first frame can be decoded from may lie before it, and be shown before."""
    source.seek(start, stream=stream)
    for frame in source.decode(stream):
        if frame.pts is None:
            raise ClipError(f"{clip.path}: holds frames without times: export it anew")
        if frame.is_corrupt:
            raise ClipError(f"{clip.path}: damaged: the frame at {frame.time:.2f} s: export it anew")
        if (frame.width, frame.height) != (clip.width, clip.height):
            raise ClipError(f"{clip.path}: changes its size at {frame.time:.2f} s: cut it there")
        if end is not None and frame.pts >= end:
            return
        if frame.pts >= start:
            yield frame


def _graded(frame: "VideoFrame", clip: Clip, table: Table) -> "VideoFrame":
    from av import VideoFrame
    from av.video.reformatter import Interpolation

    exactly = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    exactly |= Interpolation.FULL_CHR_H_INP
    deep = clip.bits > 8
    rgb, yuv = "rgb48le" if deep else "rgb24", f"yuv{clip.chroma}p{'10le' if deep else ''}"
    matrix, span = clip.matrix or BT709, FULL if clip.full_range and clip.matrix else LIMITED
    seen = frame.reformat(
        format=rgb,
        src_colorspace=matrix,
        src_color_range=FULL if clip.full_range else LIMITED,
        dst_color_range=FULL,
        interpolation=exactly,
        threads=1,
    )
    pixels = apply_table(table, seen.to_ndarray())
    if frame.rotation:
        pixels = np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))
    made = VideoFrame.from_ndarray(pixels, format=rgb).reformat(
        format=yuv,
        src_color_range=FULL,
        dst_colorspace=matrix,
        dst_color_range=span,
        interpolation=exactly,
        threads=1,
    )
    made.pts, made.time_base = frame.pts, frame.time_base
    return made


def _encoder(target: Any, clip: Clip, frame: Any, stream: Any) -> Any:
    name, options = CODECS[8 if clip.bits == 8 else 10]
    encoder = target.add_stream(name, rate=clip.rate, options=options)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    context = encoder.codec_context
    context.time_base = encoder.time_base = stream.time_base
    turned = frame.width != clip.width
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    context.sample_aspect_ratio = 1 / aspect if turned and aspect else aspect
    context.color_range = clip.tags.range if clip.matrix else LIMITED
    context.color_primaries, context.color_trc = clip.tags.primaries, clip.tags.transfer
    context.colorspace = clip.tags.matrix if clip.matrix else BT709
    return encoder
