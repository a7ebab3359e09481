"""Regions by groups of classes, from networks that are known by construction."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.segment.ade20k import GROUP_OF, GROUPS
from stages.segment.semantic import SemanticModel, semantic_labels

CLASSES = list(GROUP_OF)
GROUP = {name: number for number, name in enumerate(GROUPS)}
CPU = torch.device("cpu")


def knows(scores: dict[str, int], gain: float = 20) -> SemanticModel:
    """A network for which some classes are as likely as a channel (0, 1, 2) of the pixel is bright."""

    def logits(image: Tensor) -> Tensor:
        out = torch.full((1, len(CLASSES), *image.shape[2:]), -100.0)
        for name, channel in scores.items():
            out[0, CLASSES.index(name)] = gain * image[0, channel]
        return out

    return SemanticModel(logits, tuple(GROUP_OF.values()), CPU)


def halves(shape: tuple[int, int]) -> np.ndarray:
    photo = np.zeros((*shape, 3), np.float32)
    photo[: shape[0] // 2, :, 2] = 1
    photo[shape[0] // 2 :, :, 1] = 1
    return photo


@pytest.mark.parametrize("shape", [(90, 120), (333, 500), (700, 437), (32, 700), (33, 32)])
def test_labels_are_the_photos_size_and_where_the_network_sees_things(shape: tuple[int, int]) -> None:
    labels = semantic_labels(halves(shape), knows({"sky": 2, "grass": 1}))
    assert labels.shape == shape
    assert labels.dtype == np.uint8
    middle = shape[0] // 2
    assert (labels[: middle - 1] == GROUP["sky"]).all()
    assert (labels[middle + 1 :] == GROUP["vegetation"]).all()


def test_a_group_counts_with_all_its_classes_together() -> None:
    """Sky is likelier than any kind of plant, but less likely than plants."""

    def logits(image: Tensor) -> Tensor:
        out = torch.full((1, len(CLASSES), *image.shape[2:]), -100.0)
        for name, share in {"sky": 0.4, "tree": 0.25, "grass": 0.2, "field": 0.15}.items():
            out[0, CLASSES.index(name)] = np.log(share)
        return out

    labels = semantic_labels(halves((40, 50)), SemanticModel(logits, tuple(GROUP_OF.values()), CPU))
    assert (labels == GROUP["vegetation"]).all()


def test_slivers_are_dropped() -> None:
    photo = halves((100, 100))
    photo[10:13, 10:13] = (1, 0, 0)
    photo[60:80, 60:80] = (1, 0, 0)
    labels = semantic_labels(photo, knows({"sky": 2, "grass": 1, "person": 0}))
    assert (labels[5:20, 5:20] == GROUP["sky"]).all()
    assert (labels[63:77, 63:77] == GROUP["person"]).all()


@pytest.mark.parametrize(
    ("shape", "seen"),
    [((437, 700), (512, 820)), ((700, 437), (820, 512)), ((512, 512), (512, 512)), ((32, 700), (94, 2048))],
)
def test_the_network_sees_the_size_it_was_trained_at_in_the_photos_proportions(
    shape: tuple[int, int], seen: tuple[int, int]
) -> None:
    sizes = []

    def logits(image: Tensor) -> Tensor:
        sizes.append(tuple(image.shape[2:]))
        return torch.zeros(1, len(CLASSES), 4, 4)

    semantic_labels(np.zeros((*shape, 3), np.float32), SemanticModel(logits, tuple(GROUP_OF.values()), CPU))
    assert sizes == [seen]


def test_the_network_sees_what_transformers_own_processor_would_give_it() -> None:
    transformers = pytest.importorskip("transformers")
    photo = np.random.default_rng(0).integers(0, 256, (512, 640, 3)).astype(np.uint8)
    seen = []

    def logits(image: Tensor) -> Tensor:
        seen.append(image)
        return torch.zeros(1, len(CLASSES), 4, 4)

    semantic_labels((photo / np.float32(255)), SemanticModel(logits, tuple(GROUP_OF.values()), CPU))
    processor = transformers.SegformerImageProcessor(do_resize=False)  # what these models come with
    expected = processor(photo, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(seen[0], expected, rtol=0, atol=1e-5)
