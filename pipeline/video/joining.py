"""The pieces of a clip, one behind the other, with the sound of the clip that they were made from."""

import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.video.clip import ClipError, opened

FOR_PLAYERS = {"movflags": "+faststart+write_colr"}
"""Of an MP4: its index at the start, its colours' tags in the container too."""
QUICKTIME = (".mp4", ".m4v", ".mov")
FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def join(pieces: Sequence[Path], source: Path, output: Path, ending: str, *, strip: bool) -> tuple[str, ...]:
    """Writes the clip: the pictures of the pieces, all sound and the notes of the source as they are.

    ending: of the name that it gets; it says which container. strip: whether the notes (date, place, ...) are left out.
    Returns what of the source is left out.

    Raises:
        ClipError: the sound is of a kind that the container can't hold, or damaged.
        OSError: it can't be written.
    """
    import av

    with opened(source) as sound, opened(pieces[0]) as first:
        options = FOR_PLAYERS if ending in QUICKTIME else {}
        try:
            with av.open(str(output), "w", format=FORMATS[ending], options=options) as target:
                if not strip:
                    target.metadata.update(sound.metadata)
                picture = target.add_stream_from_template(first.streams.video[0])
                if ending in QUICKTIME and picture.codec_context.name == "hevc":
                    picture.codec_context.codec_tag = "hvc1"
                tracks = {stream.index: target.add_stream_from_template(stream) for stream in sound.streams.audio}
                for index, track in tracks.items():
                    if not strip:
                        track.metadata.update(sound.streams[index].metadata)
                packets = heapq.merge(_of_pieces(pieces, picture), _of_sound(sound, tracks), key=lambda one: one[0])
                for _, packet in packets:
                    target.mux(packet)
        except (ValueError, av.error.FFmpegError) as error:
            if isinstance(error, ClipError):
                raise
            kinds = ", ".join(sorted({stream.codec_context.name for stream in sound.streams.audio})) or "no sound"
            raise ClipError(f"{source}: can't be put into {ending} ({kinds}; {error}): give it as .mkv") from error
        others = [stream.type for stream in sound.streams if stream.type not in ("audio", "video")]
        pictures = len(sound.streams.video) - 1
    left = [*(["further pictures"] if pictures else []), *sorted(set(others))]
    return (f"left out: {', '.join(left)}",) if left else ()


Timed = Iterator[tuple[float, Any]]


def _of_pieces(pieces: Sequence[Path], track: Any) -> Timed:
    for piece in pieces:
        with opened(piece) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None:
                    packet.dts = packet.pts  # no frame looks ahead; NUT keeps the one time only
                    time = float(packet.pts * packet.time_base)
                    packet.stream = track
                    yield time, packet


def _of_sound(container: Any, tracks: dict[int, Any]) -> Timed:
    if not tracks:
        return
    for packet in container.demux(*(container.streams[index] for index in tracks)):
        if packet.dts is not None:
            track = tracks[packet.stream.index]
            time = float(packet.dts * packet.time_base)
            packet.stream = track
            yield time, packet
