"""What mean and covariance don't tell of a region's colours: where its lights and darks are, and which hue each has.

Between two Gaussians the Monge-Kantorovich map would be all. But most of a night is black, with few lights in it, and
autumn's trunks are brown where its leaves are red: an affine map makes greys of the one and red of the other. So two
curves of luma follow it. The first is the monotone one that takes the lumas to the target's, its slope bounded, since
steep ones show noise. The second moves the mean colour of each luma to the target's of that luma (chroma given luma).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter1d

from stages.arrays import LUMA, Array

CELLS = 64
"""Of the grid of luma from 0 to 1 on which both curves stand."""
FLATTEST, STEEPEST = 0.7, 1.4
"""Slopes of the first curve. Wider bounds showed the noise of skies and the rims of things."""
WIDTH = 0.1
"""Standard deviation of the window, in luma, in which mean colours are taken."""
FEW = 1e-4
"""A share of the pixels, per cell: where there are fewer, the second curve says little."""
GREYS = np.linspace(0, 1, CELLS)
RED, GREEN, BLUE = LUMA


class Tone(NamedTuple):
    """Both curves, as what they add on the grid of luma."""

    lightening: Array
    """(CELLS,), to the luma."""
    grey: Array
    """(3,), the colour of luma 1 that is added for it: grey, as far as the target varies that way."""
    tint: Array
    """(CELLS, 3), to colours of the new luma."""


def find_tone(colours: Array, target: Array, within: Array) -> Tone:
    """The curves that take colours (n, 3) to a target's, (m, 3), both nominally in [0, 1].

    within: (3, 3), the projection onto the directions in which the target varies. All that is added lies in it.
    """
    grey = within.sum(axis=1)
    grey /= max(float(grey @ LUMA), 0.05)  # a target that hardly varies: not lightened either
    lightened = Tone(_lightening(colours @ LUMA, target @ LUMA), grey, np.zeros((CELLS, 3)))
    (of_colours, shares), (of_target, wanted) = (_given_luma(c) for c in (toned(colours, lightened), target))
    told = (shares / (shares + FEW) * wanted / (wanted + FEW))[:, None]
    return lightened._replace(tint=_smoothed(told * (of_target - of_colours)) @ within)


def toned(colours: Array, tone: Tone) -> Array:
    """Colours (..., 3), changed by both curves."""
    changed: Array = _toned(np.ascontiguousarray(colours).reshape(-1, 3), tone.lightening, tone.grey, tone.tint)
    return changed.reshape(colours.shape)


@njit(cache=True, nogil=True)
def _toned(colours, lightening, grey, tint):  # type: ignore[no-untyped-def]
    changed = np.empty_like(colours)
    for i in range(len(colours)):
        changed[i, 0], changed[i, 1], changed[i, 2] = toned_colour(colours[i], lightening, grey, tint)
    return changed


@njit(cache=True, nogil=True)
def toned_colour(colour, lightening, grey, tint):  # type: ignore[no-untyped-def]
    """One colour, changed by a tone's curves: both linear between the grid's lumas, and even beyond them.

    It is compiled into stages.colour.match too, and numba does not see there that it was changed: touch that file.
    """
    red, green, blue = colour
    cell, part = _place(RED * red + GREEN * green + BLUE * blue)
    added = (1 - part) * lightening[cell] + part * lightening[cell + 1]
    red, green, blue = red + added * grey[0], green + added * grey[1], blue + added * grey[2]
    cell, part = _place(RED * red + GREEN * green + BLUE * blue)
    return (
        red + (1 - part) * tint[cell, 0] + part * tint[cell + 1, 0],
        green + (1 - part) * tint[cell, 1] + part * tint[cell + 1, 1],
        blue + (1 - part) * tint[cell, 2] + part * tint[cell + 1, 2],
    )


@njit(inline="always")
def _place(luma):  # type: ignore[no-untyped-def]
    """The cell of the grid that a luma lies in, and how far along."""
    at = min(max(luma, 0.0), 1.0) * (CELLS - 1)
    cell = min(int(at), CELLS - 2)
    return cell, at - cell


def _lightening(luma: Array, target: Array) -> Array:
    """Quantile to quantile, the slopes bounded; the means agree."""
    levels = np.linspace(0.005, 0.995, 100)
    of_luma, of_target = _quantiles(luma, levels), _quantiles(target, levels)
    slopes = 1 + (CELLS - 1) * np.diff(_smoothed(np.interp(GREYS, of_luma, of_target - of_luma)))
    added = np.concatenate([[0], np.cumsum(slopes.clip(FLATTEST, STEEPEST) - 1) / (CELLS - 1)])
    even: Array = added + (of_target - of_luma - np.interp(of_luma, GREYS, added)).mean()
    return even


def _quantiles(values: Array, levels: Array) -> Array:
    """Of values within 2 of 0, to a 16,384th: numbers of 16 bits are sorted ten times as fast as any others."""
    ranked = np.sort((values.clip(-1.99, 1.99) * 2**14).round().astype(np.int16), kind="stable") / 2**14
    return np.interp(levels * (len(ranked) - 1), np.arange(len(ranked)), ranked)


def _given_luma(colours: Array) -> tuple[Array, Array]:
    """(CELLS, 3) mean colours less their luma, and (CELLS,) the shares of the pixels that they are of."""
    sums = _smoothed(_by_luma(colours) / len(colours), mode="constant")
    chroma, shares = sums[:, :3], sums[:, 3]
    return chroma / np.maximum(shares, 1e-12)[:, None], shares


@njit(cache=True, nogil=True)
def _by_luma(colours):  # type: ignore[no-untyped-def]
    """(CELLS, 4): sums of colours less their luma, and of their numbers, each shared out between its two cells."""
    sums = np.zeros((CELLS, 4))
    for i in range(len(colours)):
        red, green, blue = colours[i]
        luma = RED * red + GREEN * green + BLUE * blue
        cell, part = _place(luma)
        for c, value in enumerate((red - luma, green - luma, blue - luma, 1.0)):
            sums[cell, c] += (1 - part) * value
            sums[cell + 1, c] += part * value
    return sums


def _smoothed(curve: Array, mode: str = "nearest") -> Array:
    smooth: Array = gaussian_filter1d(curve, WIDTH * (CELLS - 1), axis=0, mode=mode)
    return smooth
