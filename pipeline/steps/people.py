"""A result whose people keep the hue of their skin."""

from collections.abc import Callable

import numpy as np

from pipeline.images.photos import Photo
from pipeline.networks.face_weights import load_face_weights
from pipeline.networks.package import WeightsError
from pipeline.upkeep.network import EncoderError
from stages.people.faces import find_faces
from stages.people.protect import keep_hue
from stages.people.skin import skin_of


def with_own_skin(image: Photo, content: Photo, share: float, tell: Callable[[str], None]) -> Photo:
    """A result with the skin of the content's people, both H x W x 3; as it is where the share is 0.

    tell: what was found.

    Raises:
        EncoderError: what finds faces can't be had.
    """
    if not share:
        return image
    try:
        weights = load_face_weights()
    except WeightsError as error:
        raise EncoderError(f"protect.skin: {error}") from error
    faces = find_faces(content, weights)
    count = len(faces.boxes)
    tell(f"keeps the skin of {count} face{'s' * (count != 1)}" if count else "no face found: no skin to protect")
    return keep_hue(content, np.clip(image, 0, 1), skin_of(content, faces), share)
