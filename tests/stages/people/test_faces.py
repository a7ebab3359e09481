"""The cascade: its networks against torch's, its boxes by construction, and real faces where the weights can be had."""

import numpy as np
import pytest
import skimage.data
import torch
from torch import nn

from pipeline.events.errors import NetworkError
from pipeline.networks.faces import load_face_weights
from stages.arrays import Tensors
from stages.people import faces
from stages.people.faces import find_faces

RNG = np.random.default_rng(1)


@pytest.fixture(scope="session")
def weights() -> Tensors:
    try:
        return load_face_weights()
    except NetworkError as error:
        pytest.skip(f"MTCNN's weights can't be had here: {error}")


class Columns(nn.Module):
    """All of an image, columns first, as facenet-pytorch flattens it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 3, 2, 1).flatten(1)


def features(*layers: tuple[int, int, int, int]) -> list[nn.Module]:
    """Convolutions (in, out, size), each with slopes and, where a size is given, pooling."""
    made = list[nn.Module]()
    for i, o, size, pool in layers:
        made += [nn.Conv2d(i, o, size), nn.PReLU(o), *([nn.MaxPool2d(pool, 2, ceil_mode=True)] if pool else [])]
    return made


TRUNKS = {
    "pnet": (12, features((3, 10, 3, 2), (10, 16, 3, 0), (16, 32, 3, 0))),
    "rnet": (
        24,
        [*features((3, 28, 3, 3), (28, 48, 3, 3), (48, 64, 2, 0)), Columns(), nn.Linear(576, 128), nn.PReLU(128)],
    ),
    "onet": (
        48,
        [
            *features((3, 32, 3, 3), (32, 64, 3, 3), (64, 64, 3, 2), (64, 128, 2, 0)),
            Columns(),
            nn.Linear(1152, 256),
            nn.PReLU(256),
        ],
    ),
}
HEADS = {
    "pnet": {"conv4_1": nn.Conv2d(32, 2, 1), "conv4_2": nn.Conv2d(32, 4, 1)},
    "rnet": {"dense5_1": nn.Linear(128, 2), "dense5_2": nn.Linear(128, 4)},
    "onet": {"dense6_1": nn.Linear(256, 2), "dense6_2": nn.Linear(256, 4), "dense6_3": nn.Linear(256, 10)},
}


@pytest.mark.parametrize("name", TRUNKS)
def test_each_network_is_torch_s(name: str) -> None:
    size, layers = TRUNKS[name]
    made, number = {}, 0
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            number += 1
            kind = "conv" if isinstance(layer, nn.Conv2d) else "dense"
            made |= {f"{name}.{kind}{number}.{part}": value for part, value in layer.named_parameters()}
        elif isinstance(layer, nn.PReLU):
            made[f"{name}.prelu{number}.weight"] = layer.weight
    for head, layer in HEADS[name].items():
        made |= {f"{name}.{head}.{part}": value for part, value in layer.named_parameters()}
    x = RNG.standard_normal((1 if name == "pnet" else 3, size, size, 3)).astype(np.float32)
    with torch.no_grad():
        trunk = nn.Sequential(*layers)(torch.from_numpy(np.moveaxis(x, -1, 1).copy()))
        certain, shifts, *points = (head(trunk) for head in HEADS[name].values())
    found = getattr(faces, f"_{name}")(x, {key: value.detach().numpy() for key, value in made.items()})
    certain = torch.softmax(certain, 1)[:, 1].numpy()
    np.testing.assert_allclose(found[0].ravel(), certain.ravel(), atol=1e-5)
    np.testing.assert_allclose(found[1].reshape(shifts.shape[0], -1), shifts.flatten(1).numpy(), atol=1e-5)
    for mine, theirs in zip(found[2:], points, strict=False):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


def test_of_boxes_that_overlap_the_best_is_kept() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40], [32, 32, 36, 36]], float)
    scores = np.array([0.8, 0.9, 0.7, 0.6])
    assert faces.best_boxes(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert faces.best_boxes(boxes, scores, 0.5, of_smaller=True).tolist() == [1, 2]


def test_a_box_becomes_square_around_its_middle() -> None:
    np.testing.assert_array_equal(faces.as_squares(np.array([[0.0, 10, 10, 50]])), [[-15, 10, 25, 50]])


def test_a_real_face_is_found_where_it_is(weights: Tensors) -> None:
    found = find_faces(skimage.data.astronaut() / 255, weights)
    assert len(found.boxes) == 1
    left, top, right, bottom = found.boxes[0]
    assert 170 < left < 195
    assert 50 < top < 80
    assert 255 < right < 280
    assert 160 < bottom < 190
    eyes = found.points[0, :2]
    np.testing.assert_allclose(eyes, [[204, 101], [247, 104]], atol=4)


def test_faces_are_found_at_any_size_and_place(weights: Tensors) -> None:
    astronaut = skimage.data.astronaut()[:220, 100:340] / 255
    wide = np.full((300, 900, 3), 0.4)
    wide[60:280, 50:290] = wide[70:290, 610:850] = astronaut
    found = find_faces(wide, weights)
    assert sorted(round(box[0]) // 100 for box in found.boxes) == [1, 6]


@pytest.mark.parametrize("photo", ["coffee", "chelsea", "rocket"])
def test_where_nobody_is_nobody_is_found(weights: Tensors, photo: str) -> None:
    assert not len(find_faces(getattr(skimage.data, photo)() / 255, weights).boxes)


@pytest.mark.parametrize("shape", [(1, 1), (12, 400), (40, 40)])
def test_tiny_and_narrow_photos_have_none(weights: Tensors, shape: tuple[int, int]) -> None:
    assert not len(find_faces(RNG.random((*shape, 3)), weights).boxes)
