import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.stylize.bilateral_grid import Slicing, hierarchy, luma, roughness, summed
from stages.stylize.optimise import Method, minimise


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


@given(bins=st.integers(2, 12), rows=st.integers(2, 20), columns=st.integers(2, 20))
def test_a_hierarchy_starts_as_the_regions_maps_in_every_cell(bins, rows, columns):
    maps = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(bins))
    levels = hierarchy(maps, bins, rows, columns)
    assert levels[0].shape == (2, 12, 2, 2, 2)
    expected = maps.reshape(2, 12, 1, 1, 1).expand(2, 12, bins, rows, columns)
    torch.testing.assert_close(summed(levels), expected, rtol=1e-5, atol=1e-6)


def test_the_levels_of_a_hierarchy_halve_and_its_finest_is_any_grid():
    levels = hierarchy(torch.zeros(1, 3, 4), 12, 32, 51)
    shapes = [tuple(level.shape[2:]) for level in levels]
    assert shapes == [(2, 2, 2), (2, 2, 4), (2, 4, 7), (3, 8, 13), (6, 16, 26), (12, 32, 51)]
    grid = torch.randn(1, 12, 12, 32, 51, generator=torch.Generator().manual_seed(4))
    levels[-1] += grid
    torch.testing.assert_close(summed(levels), grid)


def test_a_hierarchy_comes_down_faster_than_single_cells():
    photo, target = some_photo(5, 40, 60), some_photo(6, 3, 4)
    target = torch.nn.functional.interpolate(target, size=(40, 60), mode="bicubic").clamp(0, 1)
    slicing = Slicing(photo, torch.ones(1, 1, 40, 60))

    def reached(levels):
        for level in levels:
            level.requires_grad_(True)

        def losses():
            return {"fit": (slicing(summed(levels)) - target).square().mean()}

        kept, _ = minimise(
            levels, losses, 15, Method("lbfgs", 0.1, tolerance=0), size=60, done=0, total=15, on_iterate=None
        )
        return kept["fit"]

    levels = hierarchy(torch.eye(3, 4)[None], 6, 20, 30)
    cells = [summed(levels).detach().clone()]
    assert reached(levels) < reached(cells) / 2
