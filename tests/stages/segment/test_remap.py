import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.segment import Regions, match_regions, one_region
from stages.segment.remap import SMALLEST_SHARE

NAMES = ("one", "two", "three", "four")


def matched(content: np.ndarray, style: np.ndarray, names: tuple[str, ...] = NAMES) -> Regions:
    """Photos as bright as their class numbers."""
    photos = (np.repeat((labels / 5 + 0.01)[..., None], 3, 2).astype(np.float32) for labels in (content, style))
    return match_regions(content, style, names, *photos)


def bands(*classes: int) -> np.ndarray:
    """Columns of four pixels each."""
    return np.array(classes, np.uint8).repeat(4)[None].repeat(8, axis=0)


@given(st.integers(0, 200))
def test_every_region_of_the_content_has_enough_of_the_style(seed):
    rng = np.random.default_rng(seed)
    content = rng.choice(rng.choice(4, size=3), size=(5, 6)).repeat(rng.integers(1, 5), 0).repeat(3, 1).astype(np.uint8)
    style = rng.choice(rng.choice(4, size=3), size=(5, 6)).repeat(rng.integers(1, 5), 0).repeat(3, 1).astype(np.uint8)
    content[:4, :4] = style[:4, :4] = 0
    regions = matched(content, style)
    assert (regions.content.shape, regions.style.shape) == (content.shape, style.shape)
    assert set(np.unique(regions.content)) == set(range(regions.count))
    counts = np.bincount(regions.style.ravel(), minlength=regions.count + 1)
    assert counts[: regions.count].min() >= SMALLEST_SHARE * style.size
    assert counts.sum() - counts[: regions.count].sum() == counts[regions.count]
    for k in range(regions.count):  # a region of the style is one class, whole
        (k_class,) = np.unique(style[regions.style == k])
        np.testing.assert_array_equal(regions.style == k, style == k_class)


def test_equal_classes_are_left_alone():
    regions = matched(bands(0, 2, 2), bands(2, 0, 2))
    np.testing.assert_array_equal(regions.content, bands(0, 1, 1))
    np.testing.assert_array_equal(regions.style, bands(1, 0, 1))
    assert (regions.count, regions.notes) == (2, ())


def test_a_class_that_the_style_lacks_goes_to_what_looks_like_it():
    regions = matched(bands(0, 0, 3, 2, 2), bands(0, 2))
    np.testing.assert_array_equal(regions.content, bands(0, 0, 1, 1, 1))
    assert regions.notes == ("four: 20.0% of the content, none of the style: takes its look from three, most alike",)


def test_a_name_goes_before_looks():
    regions = matched(bands(0, 0, 3, 2, 2), bands(0, 2), ("sky", "", "person", "water"))
    np.testing.assert_array_equal(regions.content, bands(0, 0, 0, 1, 1))
    assert regions.notes == ("water: 20.0% of the content, none of the style: takes its look from sky, by its name",)


def test_names_find_counterparts_even_where_no_class_is_in_both():
    regions = matched(bands(0, 1), bands(2, 3), ("sky", "vegetation", "water", "ground"))
    np.testing.assert_array_equal(regions.content, bands(0, 1))
    np.testing.assert_array_equal(regions.style, bands(0, 1))
    assert [note.split(": ")[-1] for note in regions.notes] == [
        "takes its look from water, by its name",
        "takes its look from ground, by its name",
    ]
    with pytest.raises(ValueError, match="no class in common"):
        matched(bands(0, 1), bands(2, 3), ("sky", "vegetation", "water", "blue"))


def test_two_that_are_alone_find_each_other():
    regions = matched(bands(0, 0, 3, 3), bands(0, 0, 2, 2))
    assert regions.count == 2
    np.testing.assert_array_equal(regions.style, bands(0, 0, 1, 1))


def test_a_class_that_the_content_lacks_is_left_out_of_the_style():
    regions = matched(bands(0), bands(0, 1))
    assert regions.count == 1
    np.testing.assert_array_equal(regions.style, bands(0, 1))
    assert regions.notes == ("two: 50.0% of the style left out",)


def test_a_line_of_the_content_joins_what_is_nearest():
    content = np.concatenate([bands(0), bands(1)[:, :2], bands(2)], axis=1)
    regions = matched(content, bands(0, 1, 2))
    np.testing.assert_array_equal(regions.content[0], [0] * 5 + [1] * 5)
    assert regions.notes == (
        "two: 20.0% of the content merged into what is nearest",
        "two: 33.3% of the style left out",
    )


def test_no_class_in_common_is_an_error():
    with pytest.raises(ValueError, match=r"the content's holds one, the style's two, four"):
        matched(bands(0), bands(1, 3))


def test_without_masks_there_is_one_region():
    regions = one_region((4, 5), (6, 7))
    assert (regions.content.shape, regions.style.shape, regions.count) == ((4, 5), (6, 7), 1)
    assert not regions.content.any()
