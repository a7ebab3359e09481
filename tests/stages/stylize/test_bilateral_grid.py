import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.stylize.bilateral_grid import Slicing, locality, luma, roughness


def some_photo(seed, height=9, width=12):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@given(seed=st.integers(0, 99), bins=st.integers(2, 5), rows=st.integers(2, 6))
def test_a_constant_grid_is_one_affine_map_clipped(seed, bins, rows):
    generator = torch.Generator().manual_seed(seed)
    M = torch.randn(3, 4, generator=generator)
    photo = some_photo(seed)
    grid = M.reshape(1, 12, 1, 1, 1).expand(1, 12, bins, rows, rows + 1)
    expected = torch.einsum("ij,bjhw->bihw", M[:, :3], photo) + M[:, 3].view(1, 3, 1, 1)
    torch.testing.assert_close(
        Slicing(photo, torch.ones(1, 1, 9, 12))(grid), expected.clamp(0, 1), rtol=1e-4, atol=1e-5
    )


def test_regions_are_blended_by_their_weights():
    photo = some_photo(0)
    identity, black = torch.eye(3, 4), torch.zeros(3, 4)
    grid = torch.stack([identity, black]).reshape(2, 12, 1, 1, 1).expand(2, 12, 2, 2, 2)
    weights = torch.zeros(1, 2, 9, 12)
    weights[:, 0], weights[:, 1] = 0.25, 0.75
    torch.testing.assert_close(Slicing(photo, weights)(grid), 0.25 * photo)


def test_a_wild_map_does_not_reach_across_a_border_by_more_than_its_weight():
    photo = some_photo(3)
    identity, wild = torch.eye(3, 4), torch.zeros(3, 4)
    wild[:, 3] = -8
    grid = torch.stack([identity, wild]).reshape(2, 12, 1, 1, 1).expand(2, 12, 2, 2, 2)
    weights = torch.zeros(1, 2, 9, 12)
    weights[:, 0], weights[:, 1] = 0.98, 0.02
    torch.testing.assert_close(Slicing(photo, weights)(grid), 0.98 * photo)


def test_a_pixel_takes_the_map_of_its_own_luma():
    """Offset rises with the luma bin, colour coefficients zero: the image becomes its own luma."""
    photo = some_photo(1)
    grid = torch.zeros(1, 12, 5, 2, 2)
    grid[0, [3, 7, 11]] = torch.linspace(0, 1, 5).view(1, 5, 1, 1)
    sliced = Slicing(photo, torch.ones(1, 1, 9, 12))(grid)
    torch.testing.assert_close(sliced, luma(photo).expand(1, 3, 9, 12), rtol=1e-4, atol=1e-5)


def test_a_pixel_takes_the_map_of_its_own_position():
    photo = some_photo(2, height=8, width=10)
    grid = torch.zeros(1, 12, 2, 8, 10)
    grid[0, 3, :, 6:, :] = 1
    red = Slicing(photo, torch.ones(1, 1, 8, 10))(grid)[0, 0]
    torch.testing.assert_close(red[:5], torch.zeros(5, 10))
    torch.testing.assert_close(red[-1], torch.ones(10))


def test_roughness_is_zero_for_a_constant_grid_only():
    grid = torch.ones(2, 12, 3, 4, 5)
    assert roughness(grid) == 0
    grid[0, 0, 1, 1, 1] = 2
    assert roughness(grid) > 0


def test_locality_is_zero_where_place_does_not_count():
    curve = torch.rand(2, 12, 3, 1, 1, generator=torch.Generator().manual_seed(4))
    grid = curve.expand(2, 12, 3, 4, 5).clone()
    assert locality(grid) < 1e-12
    grid[:, :, :, 0] += 0.5  # one row of four: variance 0.25 * 3 / 16
    torch.testing.assert_close(locality(grid), torch.tensor(0.046875))
