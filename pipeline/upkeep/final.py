"""What is done to every picture for the user: its strength, and the skin of its people."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from pipeline.events.errors import NetworkError
from pipeline.images.photos import shrink
from pipeline.networks.face_weights import load_face_weights
from pipeline.settings.config import WORKING_SIZE, Config
from stages.arrays import Photo


def as_wanted(image: Photo, content: Photo, config: Config, tell: Callable[[str], None]) -> Photo:
    """A result, (H, W, 3) like its content, at its strength and with what is protected; not clipped.

    tell: what was found to protect.

    Raises:
        NetworkError: what finds faces can't be had.
    """
    image = content + np.float32(config.strength) * (image - content)
    return with_own_skin(image, content, config.protect.skin, tell)


def with_own_skin(image: Photo, content: Photo, share: float, tell: Callable[[str], None]) -> Photo:
    """A result with the skin of the content's people, both (H, W, 3); as it is where the share is 0.

    tell: what was found.

    Raises:
        NetworkError: what finds faces can't be had.
    """
    if not share:
        return image
    from stages.people.faces import find_faces
    from stages.people.protect import keep_hue
    from stages.people.skin import skin_of

    try:
        weights = load_face_weights()
    except NetworkError as error:
        raise NetworkError(f"to protect skin: {error}") from error
    small = shrink(content, WORKING_SIZE)
    faces = find_faces(small, weights)
    count = len(faces.boxes)
    tell(f"keeps the skin of {count} face{'s' * (count != 1)}" if count else "no face found: no skin to protect")
    height, width = content.shape[:2]
    mask = np.asarray(Image.fromarray(skin_of(small, faces)).resize((width, height), Image.Resampling.BILINEAR))
    return keep_hue(content, np.clip(image, 0, 1), mask, share)
