"""Colours where a photo is transparent."""

import numpy as np

from pipeline.images.raster import Alpha, Colours


def without_premultiplication(colours: Colours, alpha: Alpha) -> Colours:
    """Colours (H, W, C) that were multiplied by alpha, (H, W), divided by it again; black where there is nothing."""
    divided: Colours = np.divide(colours, alpha[..., None], out=np.zeros_like(colours), where=alpha[..., None] > 0)
    return divided.clip(0, 1, out=divided)


def extend_colours(photo: Colours, alpha: Alpha) -> Colours:
    """Gives what is wholly transparent the colours around it, smoothly: no edge to follow, no colour to be learnt.

    By push and pull over a pyramid (Gortler, Grzeszczuk, Szeliski, Cohen, The Lumigraph, 1996): averages weighted by
    alpha on the way up, gaps filled from the coarser level on the way down.

    Args:
        photo: (H, W, 3) in [0, 1].
        alpha: (H, W) in [0, 1], not all zero.

    Returns:
        (H, W, 3); pixels with any alpha keep their colour.
    """
    if alpha.all():
        return photo
    return _filled(np.concatenate([photo * alpha[..., None], alpha[..., None]], axis=2), photo)


def _filled(sums: Colours, colours: Colours) -> Colours:
    """sums: (h, w, 4) colours times weight, and the weight. colours: theirs, where there is weight."""
    from stages.smooth.pyramid import doubled, halved

    gaps = sums[..., 3] == 0
    if not gaps.any():
        return colours
    half = halved(sums)
    means = np.divide(half[..., :3], half[..., 3:], where=half[..., 3:] > 0, out=np.zeros_like(half[..., :3]))
    height, width = gaps.shape
    filled: Colours = np.where(gaps[..., None], doubled(_filled(half, means))[:height, :width], colours)
    return filled
