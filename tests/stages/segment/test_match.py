import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.segment import match_regions, one_region

NAMES = ("sky", "water", "ground", "person")


@given(st.integers(0, 200))
def test_every_region_of_the_content_exists_in_the_style(seed):
    rng = np.random.default_rng(seed)
    content = rng.choice(rng.choice(4, size=3), size=(11, 13)).astype(np.uint8)
    style = np.append(rng.choice(rng.choice(4, size=2), size=(9, 8)), [[content[0, 0]] * 8], axis=0).astype(np.uint8)
    regions = match_regions(content, style, NAMES)
    assert regions.content.shape == content.shape
    assert regions.style.shape == style.shape
    assert set(np.unique(regions.style)) - {regions.count} == set(range(regions.count))
    assert set(np.unique(regions.content)) == set(range(regions.count))
    for k in range(regions.count):  # pixels that stayed in a region all came from one class, or were merged
        shared = set(np.unique(content)) & set(np.unique(style))
        assert len({c for c in np.unique(content[regions.content == k]) if c in shared}) == 1


def test_equal_classes_are_left_alone():
    labels = np.array([[0, 0, 2], [2, 2, 0]], np.uint8)
    regions = match_regions(labels, labels.T, NAMES)
    np.testing.assert_array_equal(regions.content, [[0, 0, 1], [1, 1, 0]])
    assert regions.count == 2
    assert regions.notes == ()


def test_a_class_that_the_style_lacks_goes_to_its_nearest_neighbour():
    content = np.repeat(np.array([[0, 0, 0, 3, 3, 2, 2, 2]], np.uint8), 4, axis=0)
    style = np.repeat(np.array([[0, 0, 2, 2]], np.uint8), 4, axis=0)
    regions = match_regions(content, style, NAMES)
    np.testing.assert_array_equal(regions.content[0], [0, 0, 0, 0, 1, 1, 1, 1])
    assert regions.notes == ("person: 25.0% of the content merged into its neighbours, 0.00% of the style",)


def test_a_class_that_the_content_lacks_is_left_out_of_the_style():
    style = np.repeat(np.array([[0, 0, 1, 1]], np.uint8), 4, axis=0)
    regions = match_regions(np.zeros((4, 4), np.uint8), style, NAMES)
    assert regions.count == 1
    np.testing.assert_array_equal(regions.style[0], [0, 0, 1, 1])
    assert regions.notes == ("water: 50.0% of the style left out, 0.00% of the content",)


def test_no_class_in_common_is_an_error():
    with pytest.raises(ValueError, match=r"the content's holds sky, the style's water, person"):
        match_regions(np.zeros((4, 4), np.uint8), np.array([[1, 3]], np.uint8), NAMES)


def test_without_masks_there_is_one_region():
    regions = one_region((4, 5), (6, 7))
    assert (regions.content.shape, regions.style.shape, regions.count) == ((4, 5), (6, 7), 1)
    assert not regions.content.any()
