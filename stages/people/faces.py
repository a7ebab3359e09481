"""Faces by a cascade of three small networks: MTCNN (Zhang, Zhang, Li, Qiao 2016; facenet-pytorch's weights).

The first network looks at every place of a pyramid of scales, the second and third look at what the one before took for
a face, and draw its box better.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.arrays import Tensors
from stages.people.convolution import Features, convolve, pool, prelu, resample, softmax

"""By name: "pnet.conv1.weight", ... as torch has them."""

CELL, STRIDE = 12, 2
"""What the first network sees of each place, and the step from one place to the next, pixels."""
FACTOR = 0.709
"""From one scale to the next: half the area."""
CERTAIN = (0.6, 0.7, 0.95)
"""A place is passed on, and at the end called a face, from this probability on. The authors end at 0.7: what is no face
costs more here than a face that is missed."""
SMALLEST, LONGEST = 20, 500
"""Pixels: faces are looked for from this width on, in a photo brought down to this long edge; a smaller face is a spot
of colour."""


class Faces(NamedTuple):
    """Faces in a photo, the most certain first."""

    boxes: NDArray[np.float64]
    """(n, 4): left, top, right, bottom, pixels; they may reach over the border."""
    points: NDArray[np.float64]
    """(n, 5, 2): x and y of the eyes, the nose and the corners of the mouth."""
    certain: NDArray[np.float64]
    """(n,) probabilities."""


def find_faces(photo: NDArray[np.floating], weights: Tensors) -> Faces:
    """Finds upright faces. photo: (H, W, 3), sRGB in [0, 1].

    Raises:
        KeyError: weights are missing.
    """
    scale = max(1.0, max(photo.shape[:2]) / LONGEST)
    height, width = (max(1, round(length / scale)) for length in photo.shape[:2])
    small = photo.astype(np.float32) if scale == 1 else resample(photo.astype(np.float32), height, width)
    found = _find((small * 255 - np.float32(127.5)) / np.float32(128), weights)
    return Faces(found.boxes * scale, found.points * scale, found.certain)


Boxes = NDArray[np.float64]


def _find(image: Features, weights: Tensors) -> Faces:
    boxes = _places(image, weights)
    boxes = _looked_at_again(image, as_squares(boxes), weights, 24, _rnet, CERTAIN[1]).boxes
    found = _looked_at_again(image, as_squares(boxes), weights, 48, _onet, CERTAIN[2])
    kept = best_boxes(found.boxes, found.certain, 0.7, of_smaller=True)
    return Faces(found.boxes[kept], found.points[kept], found.certain[kept])


def _places(image: Features, weights: Tensors) -> Boxes:
    """Where the first network sees a face, at whatever scale."""
    boxes, scores = [np.empty((0, 4))], [np.empty(0)]
    height, width = image.shape[:2]
    scale = CELL / SMALLEST
    while min(height, width) * scale >= CELL:
        small = resample(image, int(height * scale + 1), int(width * scale + 1))
        certain, shifts = _pnet(small[None], weights)
        y, x = np.nonzero(certain >= CERTAIN[0])
        found = np.floor((STRIDE * np.stack([x, y, x, y], axis=1) + np.array([1, 1, CELL, CELL])) / scale)
        score = certain[y, x].astype(np.float64)
        kept = best_boxes(found, score, 0.5)
        sides = np.tile(found[:, 2:] - found[:, :2], 2)
        boxes.append((found + shifts[y, x] * sides)[kept])
        scores.append(score[kept])
        scale *= FACTOR
    found, score = np.concatenate(boxes), np.concatenate(scores)
    return found[best_boxes(found, score, 0.7)]


def _looked_at_again(
    image: Features, boxes: Boxes, weights: Tensors, size: int, network: "Judge", certain: float
) -> Faces:
    """The boxes that a network still takes for faces, drawn better; with their probabilities and points."""
    height, width = image.shape[:2]
    cut = np.trunc(boxes).astype(int)
    cut = np.stack([*np.maximum(cut[:, :2], 1).T - 1, np.minimum(cut[:, 2], width), np.minimum(cut[:, 3], height)], 1)
    within = (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    boxes, cut = boxes[within], cut[within]
    if not len(boxes):
        return Faces(np.empty((0, 4)), np.empty((0, 5, 2)), np.empty(0))
    crops = np.stack([resample(image[top:bottom, left:right], size, size) for left, top, right, bottom in cut])
    scores, shifts, points = network(crops, weights)
    passed = scores > certain
    boxes, probabilities, shifts = boxes[passed], scores[passed].astype(np.float64), shifts[passed]
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    placed = points[passed].reshape(-1, 2, 5).swapaxes(1, 2) * sides[:, None] + boxes[:, None, :2] - 1
    kept = best_boxes(boxes, probabilities, 0.7)
    return Faces((boxes + shifts * np.tile(sides, 2))[kept], placed[kept], probabilities[kept])


def as_squares(boxes: Boxes) -> Boxes:
    """As wide as high, around the same middle."""
    middles, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([middles - halves, middles + halves])


def best_boxes(boxes: Boxes, scores: Boxes, overlap: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Which boxes to keep: none that overlaps a better one by more than a share of their union, or of the smaller."""
    areas = np.prod(boxes[:, 2:] - boxes[:, :2] + 1, axis=1)
    left, kept = np.argsort(-scores, kind="stable"), list[int]()
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        corners = np.maximum(boxes[left, :2], boxes[best, :2]), np.minimum(boxes[left, 2:], boxes[best, 2:])
        common = np.prod(np.maximum(corners[1] - corners[0] + 1, 0), axis=1)
        whole = np.minimum(areas[left], areas[best]) if of_smaller else areas[left] + areas[best] - common
        left = left[common <= overlap * whole]
    return np.array(kept, np.intp)


def _pnet(x: Features, weights: Tensors) -> tuple[Features, Features]:
    """Of each place how certainly a face is there, (h, w), and how its box is shifted, (h, w, 4)."""
    layer = _Layers("pnet", weights)
    x = pool(layer.features(x, 1), 2)
    x = layer.features(layer.features(x, 2), 3)
    certain, shifts = softmax(layer.convolved(x, "conv4_1")), layer.convolved(x, "conv4_2")
    return certain[0, ..., 1], shifts[0]


Judge = Callable[[Features, Tensors], tuple[Features, Features, Features]]
"""Of each crop how certainly it is a face, how its box is shifted, (n, 4), and where its points are, (n, 10)."""


def _rnet(x: Features, weights: Tensors) -> tuple[Features, Features, Features]:
    layer = _Layers("rnet", weights)
    x = layer.features(pool(layer.features(pool(layer.features(x, 1), 3), 2), 3), 3)
    x = layer.hidden(x, 4)
    return softmax(layer.dense(x, "dense5_1"))[:, 1], layer.dense(x, "dense5_2"), np.zeros((len(x), 10), np.float32)


def _onet(x: Features, weights: Tensors) -> tuple[Features, Features, Features]:
    layer = _Layers("onet", weights)
    x = pool(layer.features(pool(layer.features(pool(layer.features(x, 1), 3), 2), 3), 3), 2)
    x = layer.hidden(layer.features(x, 4), 5)
    return softmax(layer.dense(x, "dense6_1"))[:, 1], layer.dense(x, "dense6_2"), layer.dense(x, "dense6_3")


class _Layers(NamedTuple):
    name: str
    weights: Tensors

    def features(self, x: Features, number: int) -> Features:
        return prelu(self.convolved(x, f"conv{number}"), self.weights[f"{self.name}.prelu{number}.weight"])

    def convolved(self, x: Features, layer: str) -> Features:
        return convolve(x, self.weights[f"{self.name}.{layer}.weight"], self.weights[f"{self.name}.{layer}.bias"])

    def hidden(self, x: Features, number: int) -> Features:
        """All of an image, columns first, as its authors' program has it."""
        flat = self.dense(x.transpose(0, 2, 1, 3).reshape(len(x), -1), f"dense{number}")
        return prelu(flat, self.weights[f"{self.name}.prelu{number}.weight"])

    def dense(self, x: Features, layer: str) -> Features:
        weight, bias = (self.weights[f"{self.name}.{layer}.{part}"] for part in ("weight", "bias"))
        return x @ weight.T + bias
