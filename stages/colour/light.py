"""How a region's light changes from its top to its bottom: a dusk sky glows at the horizon, a river where a town is.

Mean and covariance know nothing of place. What height explains of a region's colours is therefore taken off before
they are matched, and the target's own is put on after, as a gain: blacks stay black, where an offset would be a haze.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.arrays import Array
from stages.colour.transport import covariance, mean

ENDS = 0.02
"""The share of a region's pixels that lie above its top and below its bottom: a few stray ones don't stretch it."""
CLEAR = 0.4
"""A gradient that explains this share of the colours' variance, or more, is taken whole, a weaker one in proportion."""
MOST = 1.5
"""No channel is made lighter or darker by more than this factor."""
BLACK = 0.05
"""Added to colours before they are multiplied, so that a dark region's gain is not the ratio of two noises."""


class Gradient(NamedTuple):
    """A region's colours as a quadratic of height, least squares."""

    mean: Array
    """(3,), of the region."""
    slopes: Array
    """(2, 3), of t and t^2, t = -1 at the region's top and 1 at its bottom."""
    centre: Array
    """(2,), the means of t and t^2."""
    top: float
    bottom: float
    """Rows of the image."""
    explained: float
    """Share of the colours' variance in [0, 1], adjusted for their number (adjusted R squared)."""

    def change(self, heights: Array) -> Array:
        """(n, 3), how far colours at the heights (n,), -1 to 1, are from the mean."""
        return (_powers(heights) - self.centre) @ self.slopes

    def heights(self, rows: NDArray[np.integer]) -> Array:
        """(n,) in [-1, 1] of rows (n,) of the image; all 0 where the region is one row."""
        middle, half = (self.top + self.bottom) / 2, (self.bottom - self.top) / 2
        heights: Array = ((rows - middle) / (half or 1.0)).clip(-1, 1)
        return heights


def find_gradient(colours: Array, rows: NDArray[np.integer]) -> Gradient:
    """Of a region's colours (n, 3), n >= 1, in these rows (n,) of the image, from the uppermost down.

    Height is a matter of the row, so that the rows' numbers of pixels and mean colours are all that is needed.
    """
    starts, size = np.flatnonzero(np.diff(rows, prepend=-1)), len(rows)
    counts, average = np.diff(starts, append=size).astype(np.float64), mean(colours)
    below = counts.cumsum() / size
    top, bottom = (float(rows[starts[np.searchsorted(below, end)]]) for end in (ENDS, 1 - ENDS))
    flat = Gradient(average, np.zeros((2, 3)), np.zeros(2), top, bottom, 0.0)
    of_rows = np.add.reduceat(colours, starts) / counts[:, None] - average
    powers = _powers(flat.heights(rows[starts]))
    centre, weights = counts @ powers / size, np.sqrt(counts)[:, None]
    slopes = np.linalg.lstsq(weights * (powers - centre), weights * of_rows, rcond=None)[0]
    explained = counts @ np.square((powers - centre) @ slopes).sum(axis=1) / size
    share = explained / max(np.trace(covariance(colours)), 1e-12)
    adjusted = 1 - (1 - share) * (size - 1) / (size - 3) if size > 3 else 0.0
    return flat._replace(slopes=slopes.astype(np.float64), centre=centre, explained=float(np.clip(adjusted, 0, 1)))


def share_of(target: Gradient, extents: tuple[float, float], areas: tuple[float, float]) -> float:
    """How much of the target's gradient a region takes, in [0, 1].

    Less where height explains little of the target, and where the region is not as tall as it, for then the gradient
    would be steeper than any in the target. Less, too, the more of a whole picture either is: what changes with height
    is then what stands above what, sky above ground, and not the light.

    extents: heights of the region and of the target's as shares of their images' long edges. areas: as shares of their
    images.
    """
    clear, tall = target.explained / CLEAR, extents[0] / max(extents[1], 1e-9)
    return min(1.0, clear) * min(1.0, tall) * min(1.0, 4 * (1 - max(areas)))


def gain(gradient: Gradient, share: float, heights: Array) -> Array:
    """(n, 3), what takes the mean colour to those at the heights (n,): a share of the gradient, within MOST."""
    ratio: Array = 1 + share * gradient.change(heights) / (gradient.mean + BLACK)
    return ratio.clip(1 / MOST, MOST)


def lit(colours: Array, gains: Array, span: Array) -> Array:
    """Colours (..., 3) multiplied by gains of the same shape, changed within a span (3, 3) only."""
    changed: Array = colours + ((colours + BLACK) * (gains - 1)) @ span
    return changed


def _powers(heights: Array) -> Array:
    return np.stack([heights, heights**2], axis=-1)
