import numpy as np
import pytest

from stages.colour.colour_map import find_colour_map, unexplained
from stages.colour.match import match_colours
from stages.colour.transport import span


def graded(colours):
    return (0.8 * colours**1.3 + np.array([0.1, 0.05, 0.0])).clip(0, 1)


def scene(rng, shares):
    """Three things of different colours, in so many pixels each: colours and region numbers."""
    means = np.array([[0.2, 0.4, 0.7], [0.3, 0.5, 0.2], [0.7, 0.6, 0.5]])
    labels = np.repeat(np.arange(3), shares).astype(np.uint8)
    return means[labels] + 0.05 * rng.uniform(-1, 1, (len(labels), 3)), labels


def test_one_grading_is_explained_by_one_map_and_an_exchange_of_colours_is_not():
    rng = np.random.default_rng(0)
    colours, labels = scene(rng, (400, 300, 300))
    regions = [(colours[labels == k], graded(colours[labels == k])) for k in range(3)]
    exchanged = [(colours[labels == k], colours[labels == (k + 1) % 3]) for k in range(3)]

    def share(pairs):
        everything, wanted = (np.concatenate(side) for side in zip(*pairs, strict=True))
        return unexplained(find_colour_map(everything, wanted, span(wanted)), pairs, np.array([4.0, 3.0, 3.0]))

    assert share(regions) < 0.02
    assert share(exchanged) > 0.8


@pytest.mark.parametrize("seed", range(5))
def test_regions_that_one_grading_explains_are_brought_nearer_to_the_truth_by_it(seed):
    """Another part of the scene, graded: its things are of slightly other colours, and of other sizes."""
    rng = np.random.default_rng(seed)
    photo, labels = scene(rng, (1000, 500, 500))
    other, other_labels = scene(rng, (600, 700, 700))
    target = graded(other + 0.06 * rng.uniform(-1, 1, (3, 3))[other_labels])
    images = [array.reshape(40, 50, -1).squeeze() for array in (photo, labels, target, other_labels)]
    truth = graded(images[0])
    whole = match_colours(*images, 3).image
    apart = np.zeros_like(whole)
    for k in range(3):  # each region's own map alone
        own = find_colour_map(images[0][images[1] == k], images[2][images[3] == k], np.eye(3))
        apart[images[1] == k] = own.of(images[0][images[1] == k])
    assert np.square(whole - truth).mean() < np.square(apart - truth).mean()
