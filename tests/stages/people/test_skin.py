"""Skin by construction: a painted head, whose skin, hair, eyes and wall are known."""

import numpy as np

from stages.people.faces import Faces
from stages.people.skin import skin_of

SKIN, SHADE, HAIR, WALL, WHITE = (
    (0.85, 0.65, 0.55),
    (0.75, 0.57, 0.48),
    (0.25, 0.16, 0.1),
    (0.35, 0.45, 0.6),
    (0.9, 0.9, 0.9),
)
NOBODY = Faces(np.empty((0, 4)), np.empty((0, 5, 2)), np.empty(0))
FACE = Faces(np.array([[60.0, 40, 140, 140]]), np.zeros((1, 5, 2)), np.ones(1))


def painted(wall: tuple[float, float, float] = WALL) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    y, x = np.mgrid[:240, :200]
    head = np.hypot((x - 100) / 46, (y - 92) / 60) < 1
    neck = (abs(x - 100) < 24) & (y >= 92) & (y < 185)
    hair = (np.hypot((x - 100) / 56, (y - 85) / 66) < 1) & (y < 55)
    eyes = np.minimum(np.hypot((x - 82) / 8, (y - 82) / 4), np.hypot((x - 118) / 8, (y - 82) / 4)) < 1
    parts = {"neck": neck & ~head & ~hair, "skin": head & ~hair & ~eyes, "hair": hair, "eyes": eyes}
    parts["wall"] = ~np.any(list(parts.values()), axis=0)
    photo = np.empty((240, 200, 3))
    for name, colour in (("wall", wall), ("neck", SHADE), ("skin", SKIN), ("hair", HAIR), ("eyes", WHITE)):
        photo[parts[name]] = colour
    return np.clip(photo + np.random.default_rng(0).normal(0, 0.01, photo.shape), 0, 1), parts


def test_face_and_neck_are_skin_and_hair_and_wall_are_not() -> None:
    photo, parts = painted()
    mask = skin_of(photo, FACE)
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    means = {name: float(mask[where].mean()) for name, where in parts.items()}
    assert means["skin"] > 0.95
    assert means["eyes"] > 0.9
    assert means["neck"] > 0.4
    assert means["hair"] < 0.15
    assert means["wall"] < 0.02


def test_a_wall_of_the_skin_s_colour_is_left_alone_but_for_a_rim() -> None:
    """A wall a little lighter than the face, with an edge between."""
    photo, parts = painted((0.95, 0.73, 0.62))
    photo[np.hypot(np.mgrid[:240, :200][1] - 100, (np.mgrid[:240, :200][0] - 92) / 1.3).round() == 47] = (
        0.4,
        0.3,
        0.25,
    )
    mask = skin_of(photo, FACE)
    assert mask[:, :30].max() < 0.02
    assert mask[parts["skin"]].mean() > 0.9


def test_where_nobody_is_there_is_no_skin() -> None:
    assert not skin_of(painted()[0], NOBODY).any()


def test_a_face_beyond_the_border_is_no_matter() -> None:
    outside = FACE._replace(boxes=np.array([[-90.0, -90, -10, -10]]))
    assert not skin_of(painted()[0], outside).any()
