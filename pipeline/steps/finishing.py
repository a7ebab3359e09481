"""A result as the user wants it: at the strength that was asked for, and with what is protected."""

from collections.abc import Callable

import numpy as np

from pipeline.events.progress import Advance
from pipeline.images.encoding import encode_png
from pipeline.networks.faces import with_own_skin
from pipeline.settings.config import Config
from pipeline.steps.step import Work
from stages.arrays import Photo


def finished(work: Work, image: Photo) -> dict[str, bytes]:
    """The files of a result, (H, W, 3), as it is wanted and with the content's transparency."""
    alpha = work.inputs.alpha
    image = as_wanted(image, work.inputs.content, work.config, lambda text: work.on_advance(Advance(0, 0, text)))
    return {"image16.png": encode_png(image, 16, alpha), "image.png": encode_png(image, 8, alpha)}


def as_wanted(image: Photo, content: Photo, config: Config, tell: Callable[[str], None]) -> Photo:
    """A result, (H, W, 3) like its content, at its strength and with what is protected; not clipped.

    tell: what was found to protect.

    Raises:
        NetworkError: what finds faces can't be had.
    """
    image = content + np.float32(config.strength) * (image - content)
    return with_own_skin(image, content, config.protect.skin, tell)
