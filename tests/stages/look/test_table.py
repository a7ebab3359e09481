import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from stages.look.table import apply_table, apply_table_beyond, identity, mixed, weakened


@pytest.fixture
def table() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.clip(identity(9) + 0.1 * rng.standard_normal((9, 9, 9, 3)), 0, 1).astype(np.float32)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_identity_changes_no_level(kind) -> None:
    most = np.iinfo(kind).max
    pixels = np.random.default_rng(1).integers(0, most + 1, (50, 40, 3)).astype(kind)
    pixels[0, :4] = [[0, 0, 0], [most, most, most], [0, most, 0], [most, 0, most]]
    np.testing.assert_array_equal(apply_table(identity(), pixels), pixels)


def test_lattice_points_become_their_colours(table) -> None:
    np.testing.assert_allclose(apply_table(table, identity(9)), table, atol=1e-6)


def test_greys_and_edges_are_linear_between_points(table) -> None:
    """Along an axis and along the grey diagonal, tetrahedral and trilinear interpolation are both linear."""
    fraction = np.linspace(0, 1, 101, dtype=np.float32)
    for direction in ([1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]):
        points = np.array(direction) * np.arange(9)[:, None]
        line = table[tuple(points.T)]
        expected = np.stack([np.interp(fraction, np.linspace(0, 1, 9), line[:, c]) for c in range(3)], axis=1)
        mapped = apply_table(table, fraction[:, None] * np.array(direction, np.float32))
        np.testing.assert_allclose(mapped, expected, atol=1e-5)


def test_affine_tables_are_exact_and_others_near_trilinear(table) -> None:
    colours = np.random.default_rng(2).random((1000, 3)).astype(np.float32)
    A = np.array([[0.5, 0.2, 0.1], [0.1, 0.6, 0.1], [0.0, 0.3, 0.6]], np.float32)
    affine = identity(9) @ A.T
    np.testing.assert_allclose(apply_table(affine, colours), colours @ A.T, atol=1e-6)
    axes = (np.linspace(0, 1, 9),) * 3
    trilinear = RegularGridInterpolator(axes, table)(colours)
    assert np.abs(apply_table(table, colours) - trilinear).mean() < 0.03


def test_each_tetrahedron_mixes_its_four_corners(table) -> None:
    """By the definition: along the channels in falling order of their fractions."""
    colours = np.random.default_rng(3).random((500, 3)).astype(np.float32)
    expected = []
    for colour in colours.astype(np.float64):
        at = colour * 8
        cell = np.floor(at).astype(int)
        fraction, corner = at - cell, cell.copy()
        value, left = np.zeros(3), 1.0
        for channel in np.argsort(-fraction):
            value += (left - fraction[channel]) * table[tuple(corner)]
            left, corner[channel] = fraction[channel], corner[channel] + 1
        expected.append(value + left * table[tuple(corner)])
    np.testing.assert_allclose(apply_table(table, colours), expected, atol=1e-5)


def test_levels_are_rounded_floats_and_what_is_outside_is_clipped(table) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (100, 3)).astype(np.uint8)
    exact = apply_table(table, pixels.astype(np.float32) / 255)
    assert np.abs(apply_table(table, pixels) - exact * 255).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(apply_table(table, np.array([[-0.5, 2.0, 1.0]], np.float32))[0], table[0, 8, 8])


def test_strength(table) -> None:
    np.testing.assert_allclose(weakened(table, 0.0), identity(9), atol=1e-7)
    np.testing.assert_allclose(weakened(table, 1.0), table, atol=1e-7)
    colours = np.random.default_rng(5).random((100, 3)).astype(np.float32)
    half = apply_table(weakened(table, 0.5), colours)
    np.testing.assert_allclose(half, (colours + apply_table(table, colours)) / 2, atol=1e-6)


def test_shares(table) -> None:
    np.testing.assert_allclose(mixed([table, identity(9)], [2.0, 2.0]), weakened(table, 0.5), atol=1e-6)
    np.testing.assert_allclose(mixed([table, identity(9)], [3.0, 0.0]), table, atol=1e-7)
    with pytest.raises(ValueError, match="negative"):
        mixed([table, table], [1.0, -0.5])


def test_beyond_srgb_a_look_goes_on_no_steeper_than_one() -> None:
    colours = np.random.default_rng(5).uniform(-0.6, 1.3, (500, 3)).astype(np.float32)
    outside = (colours != colours.clip(0, 1)).any(axis=1)
    np.testing.assert_allclose(apply_table_beyond(identity(), colours), colours, atol=1e-6)
    grey = np.repeat(identity().mean(axis=-1, keepdims=True), 3, axis=-1)
    assert np.ptp(apply_table_beyond(grey, colours), axis=1).max() < 1e-6  # no tint comes back
    steep = (identity() ** 3).astype(np.float32)
    border, mapped = colours.clip(0, 1), apply_table_beyond(steep, colours)
    np.testing.assert_array_equal(mapped[~outside], apply_table(steep, colours[~outside]))
    went, was = mapped - apply_table(steep, border), colours - border
    assert (np.linalg.norm(went, axis=1) <= np.linalg.norm(was, axis=1) + 1e-6).all()
