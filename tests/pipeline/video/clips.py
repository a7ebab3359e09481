"""Tiny clips, made frame by frame."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np

RATE, BICUBIC = 25, "BICUBIC"


def moving(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A soft picture that moves, (H, W, 3) uint8."""
    y, x = np.mgrid[:height, :width]
    phase = 2 * np.pi * (x + 3 * number) / width
    planes = [128 + 60 * np.sin(phase), 60 + 120 * y / height, 190 - 100 * x / width]
    return np.stack(planes, axis=2).astype(np.uint8)


def make_clip(
    path: Path,
    pictures: Iterable[np.ndarray],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: list[int] | None = None,
    sound: bool = False,
    every: int = 250,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    options: dict[str, str] | None = None,
    audio_codec: str = "aac",
) -> Path:
    """tags: range, primaries, transfer, matrix. times: in ticks of 1/600 s."""
    quality = {"crf": "4", "g": str(every), "preset": "fast"} if codec.startswith("libx26") else {}
    deep = pix_fmt.endswith("le")
    with av.open(str(path), "w") as target:
        stream = target.add_stream(codec, rate=RATE, options=quality | (options or {}))
        first = next(left := iter(pictures))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        context.time_base = Fraction(1, 600)
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        track = target.add_stream(audio_codec, rate=48000) if sound else None
        for number, picture in enumerate(chain([first], left)):
            kind = {3: "rgb48le" if deep else "rgb24", 4: "rgba"}[picture.shape[2]]
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint16) * 257 if deep else picture, format=kind)
            if not pix_fmt.startswith(("rgb", "gbr")):
                frame = frame.reformat(format=pix_fmt, src_color_range=2, dst_color_range=tags[0], dst_colorspace=1)
            frame.pts = times[number] if times else number * 600 // RATE
            frame.time_base = Fraction(1, 600)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        if track is not None:
            tone = (0.3 * np.sin(np.arange(48000 * (number + 1) // RATE) / 20)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
            frame.sample_rate = 48000
            target.mux(track.encode(frame))
            target.mux(track.encode(None))
    return path


def seen(path: Path) -> tuple[np.ndarray, list[float]]:
    """Frames as (N, H, W, 3), by the matrix and range in the tags, and their times in seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.video[0]))
        matrix = {1: 1, 5: 5, 6: 5, 9: 9}.get(int(frames[0].colorspace), 5)
        pictures = [
            frame.reformat(
                format="rgb24", src_colorspace=matrix, dst_color_range=2, interpolation="BICUBIC"
            ).to_ndarray()
            for frame in frames
        ]
    return np.stack(pictures), [frame.time for frame in frames]


def sound_of(path: Path) -> bytes:
    """All packets of sound, as they are."""
    with av.open(str(path)) as container:
        return b"".join(bytes(packet) for packet in container.demux(container.streams.audio[0]))
