"""What a clip is, found out before anything is made of it, or why nothing can be made of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from av.container import InputContainer

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv"})
KEPT = frozenset({".mp4", ".m4v", ".mov", ".mkv"})
"""Containers that a result may have; the others become Matroska, which holds whatever sound they have."""
OTHERWISE = ".mkv"
MISSING = "a clip: install what reads it: pip install 'photostyle[video]'"

TRANSPARENT = "is transparent in part, which no result can be: export it over a colour"
WOVEN = "interlaced: its fields stay as they are, woven together"
HDR = {16: "PQ", 18: "HLG"}
MATRICES = {1: 1, 5: 5, 6: 5, 7: 7, 9: 9}
"""From the matrix in the clip's tags (ITU-T H.273) to swscale's of the same coefficients."""
UNSAID, BT709, BT601 = 2, 1, 5
HIGH_DEFINITION = 720
"""Lines from which on a clip that does not say so is taken for BT.709, as every player does."""
FULL = 2
SEGMENT = 200
"""Frames of a piece at least, after which work goes on from there when it was stopped."""
CUT_OFF = 0.9
"""Share of its length that a clip's frames have to reach."""


class ClipError(ValueError):
    """A clip of which nothing can be made: the message names it, the reason and what to do."""


class Tags(NamedTuple):
    """What a clip says of its colours (ITU-T H.273)."""

    range: int
    primaries: int
    transfer: int
    matrix: int


class Clip(NamedTuple):
    """A clip's picture."""

    path: Path
    width: int
    height: int
    frames: int
    starts: tuple[int, ...]
    """Times of the frames with which the pieces begin, from which on it can be decoded."""
    time_base: Fraction
    rate: Fraction
    bits: int
    chroma: str
    """420, 422 or 444."""
    matrix: int
    """By which it is converted to RGB, as swscale counts; 0 where it is RGB."""
    full_range: bool
    tags: Tags
    notes: tuple[str, ...]


def is_clip(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def clips_named(words: Sequence[Path]) -> list[Path]:
    """The clips among files and folders, those of a folder in the order of their names."""
    every = (sorted(word.iterdir()) if word.is_dir() else [word] for word in words)
    return [path for paths in every for path in paths if is_clip(path)]


def with_clip_ending(path: Path) -> str:
    """The name of a clip's result."""
    return path.name if path.suffix.lower() in KEPT else f"{path.stem}{OTHERWISE}"


@contextmanager
def opened(path: Path) -> "Iterator[InputContainer]":
    """A clip's file, with libav's errors as ours.

    Raises:
        ClipError: it can't be read.
    """
    try:
        import av
    except ImportError as error:
        raise ClipError(f"{path}: {MISSING}") from error
    try:
        with av.open(str(path), "r") as container:
            yield container
    except FileNotFoundError as error:
        raise ClipError(f"{path}: there is no such file") from error
    except av.error.FFmpegError as error:
        raise ClipError(f"{path}: damaged or of another kind ({error.strerror}): export it anew") from error


def probe(path: Path) -> Clip:
    """Looks at a clip's tags, times and first frame.

    Raises:
        ClipError: it can't be read; is cut off; has no picture, transparency, HDR colours, or frames without times.
    """
    with opened(path) as container:
        if not container.streams.video:
            raise ClipError(f"{path}: holds no picture")
        stream = container.streams.video[0]
        if stream.metadata.get("alpha_mode") == "1":
            raise ClipError(f"{path}: {TRANSPARENT}")
        times, starts, end = list[int](), list[int](), 0
        since = SEGMENT
        for packet in container.demux(stream):
            if packet.pts is None:
                if packet.size:
                    raise ClipError(f"{path}: holds frames without times: export it anew")
                continue
            if packet.is_keyframe and since >= SEGMENT:
                starts.append(packet.pts)
                since = 0
            since += 1
            times.append(packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
        if not starts:
            raise ClipError(f"{path}: holds no frame")
        _check_whole(path, container, stream, min(times), end)
        container.seek(starts[0], stream=stream)
        frame = next(iter(container.decode(stream)), None)
        if frame is None:
            raise ClipError(f"{path}: holds no frame")
        return _clip(path, stream, frame, len(times), tuple(starts))


def _check_whole(path: Path, container: Any, stream: Any, first: int, end: int) -> None:
    """A container that promises more than it holds was cut off."""
    if not container.duration or not stream.time_base:
        return
    promised, held = container.duration / 1e6, float((end - first) * stream.time_base)
    if stream.duration:
        promised = float(stream.duration * stream.time_base)
    if held < CUT_OFF * promised and promised - held > 1:
        raise ClipError(f"{path}: damaged: cut off: {held:.1f} of {promised:.1f} s are there: export it anew")


def _clip(path: Path, stream: Any, frame: Any, frames: int, starts: tuple[int, ...]) -> Clip:
    context, form = stream.codec_context, frame.format
    said = (context.color_range, context.color_primaries, context.color_trc, context.colorspace)
    tags = Tags._make(int(value) for value in said)
    if tags.transfer in HDR:
        raise ClipError(f"{path}: its colours are HDR ({HDR[tags.transfer]}): convert it to BT.709")
    if any(component.is_alpha for component in form.components):
        raise ClipError(f"{path}: {TRANSPARENT}")
    notes: tuple[str, ...] = (
        ("interlaced: its fields stay as they are, woven together",) if frame.interlaced_frame else ()
    )
    if form.is_rgb:
        matrix, chroma = 0, "444"
    else:
        unsaid = BT709 if frame.height >= HIGH_DEFINITION else BT601
        matrix = unsaid if tags.matrix in (0, UNSAID) else MATRICES.get(tags.matrix, 0)
        if not matrix:
            raise ClipError(f"{path}: its colours are coded by matrix {tags.matrix}: convert it to BT.709")
        halves = [len(form.components) > 1 and form.chroma_width(16) == 8, form.chroma_height(16) == 8]
        chroma = "420" if all(halves) else "422" if halves[0] else "444"
    odd = (frame.width % 2 and chroma != "444") or (frame.height % 2 and chroma == "420")
    if odd:
        notes += (f"{frame.width}x{frame.height} is odd: its colours are written at full size (4:4:4)",)
    return Clip(
        path,
        frame.width,
        frame.height,
        frames,
        starts,
        Fraction(stream.time_base),
        Fraction(stream.average_rate or 25),
        max(component.bits for component in form.components),
        "444" if odd else chroma,
        matrix,
        tags.range == FULL or form.name.startswith("yuvj") or form.is_rgb,
        tags,
        notes,
    )
