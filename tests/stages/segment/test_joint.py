"""One cut through two photos, on superpixels made so that the answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.segment.joint import LEAST_SHARE, MOST, Described, joint_clusters
from stages.segment.superpixels import touching

CHANNELS = 12


def described(parts: np.ndarray, seed: int, brightness: float = 1.0) -> Described:
    """Superpixels in rows and columns; features say which part they are of, colours only how bright the photo is."""
    rng = np.random.default_rng(seed)
    codes = np.random.default_rng(99).random((8, CHANNELS)) * 4  # the same in all photos
    flat = parts.ravel()
    structure, standing = (codes[flat].T + rng.random((CHANNELS, flat.size)) * 0.2 for _ in range(2))
    colours = brightness * (rng.random((3, flat.size)) * 0.1 + flat * 0.1)
    areas = np.full(flat.size, 1 / flat.size)
    return Described((structure,), (standing,), colours, flat * 1.0, places(parts.shape), areas, grid(parts.shape))


def painted(seen: np.ndarray, real: np.ndarray, seed: int) -> Described:
    """Superpixels that look to the network like one thing, and have the colours of another, far apart."""
    return described(seen, seed)._replace(colours=described(5 * real, seed).colours)


def grid(shape: tuple[int, int]) -> np.ndarray:
    return touching(np.arange(shape[0] * shape[1]).reshape(shape))


def places(shape: tuple[int, int]) -> np.ndarray:
    return np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")).reshape(2, -1)


def bands(*parts: int, rows: int = 3, columns: int = 16) -> np.ndarray:
    return np.array(parts).repeat(rows)[:, None].repeat(columns, axis=1)


def clustered(content: Described, style: Described) -> tuple[np.ndarray, np.ndarray]:
    sides = joint_clusters(content, style)
    return sides[0].argmax(axis=0), sides[1].argmax(axis=0)


@pytest.mark.parametrize("brightness", [1.0, 0.1])
def test_what_is_alike_is_matched_by_day_and_by_night(brightness: float) -> None:
    content, style = bands(0, 0, 0, 1, 1, 1), bands(0, 0, 1, 1, 1, 1)
    found = clustered(described(content, 0), described(style, 1, brightness))
    of_sky, of_ground = (
        {int(k) for k in np.unique(np.r_[found[0][content.ravel() == p], found[1][style.ravel() == p]])} for p in (0, 1)
    )
    assert of_sky.isdisjoint(of_ground)


@settings(max_examples=15)
@given(st.integers(0, 30), st.integers(9, 20), st.integers(9, 20))
def test_every_cluster_has_enough_of_both(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    sides = joint_clusters(
        described(rng.integers(0, 5, (rows, columns)), seed), described(rng.integers(2, 8, (columns, rows)), seed + 1)
    )
    assert sides[0].shape[1] == sides[1].shape[1] == rows * columns
    assert 1 <= len(sides[0]) == len(sides[1]) <= MOST
    for side in sides:
        assert np.isfinite(side).all()
        shares = np.bincount(side.argmax(axis=0), minlength=len(side)) / side[0].size
        assert shares.min() >= LEAST_SHARE


def test_what_only_one_photo_has_makes_no_cluster_of_its_own() -> None:
    content, style = bands(0, 0, 1, 1, 5, 5), bands(0, 0, 0, 1, 1, 1)
    found = clustered(described(content, 0), described(style, 1))
    assert set(np.unique(found[0])) == set(np.unique(found[1]))


def test_the_same_photos_give_the_same_clusters() -> None:
    pair = described(bands(0, 1, 2), 0), described(bands(2, 1, 0), 1)
    for first, second in zip(joint_clusters(*pair), joint_clusters(*pair), strict=True):
        np.testing.assert_array_equal(first, second)


def test_areas_count_and_not_numbers() -> None:
    """What few large superpixels of a photo show is there; what many small ones show may be too little."""
    photo, other = described(bands(0, 0, 0, 0, 0, 1), 0), described(bands(0, 0, 0, 1, 1, 1), 1)
    few = bands(0, 0, 0, 0, 0, 1).ravel() == 1
    areas = np.where(few, 1e-4, 1.0)
    sides = joint_clusters(photo._replace(areas=areas / areas.sum()), other)
    shares = np.bincount(sides[0].argmax(axis=0), areas / areas.sum(), minlength=len(sides[0]))
    assert shares.min() >= LEAST_SHARE


def test_what_lies_along_a_border_goes_with_its_own_colour() -> None:
    """A band above the one's horizon, below the other's, that looks to the network like neither sky nor ground."""
    seen = [bands(0, 0, 0, 0, 0, 7, 1, 1, 1, 1, 1, 1), bands(0, 0, 0, 0, 0, 0, 7, 1, 1, 1, 1, 1)]
    real = bands(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1)
    content, style = clustered(*(painted(parts, real, k) for k, parts in enumerate(seen)))
    assert set(content[real.ravel() == 0]).isdisjoint(style[real.ravel() == 1])
    assert set(content[real.ravel() == 1]).isdisjoint(style[real.ravel() == 0])


def test_what_is_even_keeps_together() -> None:
    """A glow over the style's horizon is as low as the content's ground and looks to the network like nothing else.

    No border parts it from the sky. Without ties in the cut 8 % of the style would go wrong, without the diffusion
    1 %, without both 25 %.
    """
    content = bands(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1)
    style, seen = bands(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1), bands(0, 0, 0, 0, 0, 0, 7, 7, 7, 1, 1, 1)
    for seed in range(0, 12, 2):
        of_content, of_style = clustered(painted(content, content, seed), painted(seen, style, seed + 1))
        assert set(of_content[content.ravel() == 1]).isdisjoint(of_style[style.ravel() == 0])
        assert set(of_content[content.ravel() == 0]).isdisjoint(of_style[style.ravel() == 1])


def test_alone_a_superpixel_has_no_neighbour_to_go_by() -> None:
    one = described(np.array([[0]]), 0)
    for side in joint_clusters(one, described(bands(0, 1), 1)):
        assert np.isfinite(side).all()


def test_featureless_photos_are_no_trouble() -> None:
    nothing = (np.zeros((4, 36)),)
    areas = np.full(36, 1 / 36)
    flat = Described(nothing, nothing, np.zeros((3, 36)), np.zeros(36), places((6, 6)), areas, grid((6, 6)))
    for side in joint_clusters(flat, flat):
        assert np.isfinite(side).all()
