"""Where a clip is cut: the colours of a frame are others than those of the frame before."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.video.clip import Clip, opened

SMALL = (64, 36)
LEVELS = 8
"""Of each channel, in a frame's histogram."""
OTHERS = 0.5
"""Share of a frame's pixels that have colours which the frame before lacks: more is a cut, if it is"""
SUDDEN = 3.0
"""so many times what changed in the frames around it: what moves fast goes on moving."""


def find_cuts(clip: Clip) -> list[int]:
    """The times of the frames that begin a new shot, in the clip's time base.

    Raises:
        ClipError: the clip is damaged.
    """
    times, histograms = list[int](), list[NDArray[np.float64]]()
    with opened(clip.path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if frame.pts is not None:
                small = frame.reformat(*SMALL, format="rgb24", interpolation="AREA").to_ndarray().astype(np.uint8)
                times.append(frame.pts)
                histograms.append(histogram(small))
    return [times[at] for at in cuts_among(histograms)]


def histogram(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of the colours of an (H, W, 3) picture, eight levels a channel: 512 numbers that sum to one."""
    levels = (picture.reshape(-1, 3) // (256 // LEVELS)).astype(np.intp) @ np.array([LEVELS**2, LEVELS, 1])
    return np.bincount(levels, minlength=LEVELS**3) / len(levels)


def cuts_among(histograms: Iterable[NDArray[np.float64]]) -> Iterator[int]:
    """The numbers of the frames that begin a new shot, from their histograms."""
    stacked = np.stack(list(histograms))
    changes = np.abs(np.diff(stacked, axis=0)).sum(axis=1) / 2
    for at, change in enumerate(changes):
        around = np.concatenate([changes[max(0, at - 3) : at], changes[at + 1 : at + 4]])
        usual = float(np.median(around)) if len(around) else 0.0
        if change > OTHERS and change > SUDDEN * usual:
            yield at + 1
