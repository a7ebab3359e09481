"""Which places belong together, against what is known of the photos and of the transport."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from stages.features.correspondence import Cells, averages, correspond, find_cells
from stages.features.resample import to_tensor


def cells_of(features, shape, shares=None):
    shares = np.ones((1, len(features))) if shares is None else shares
    return Cells([features], shares, shape)


def test_each_part_of_the_style_is_used_as_often_as_it_is_there():
    rng = np.random.default_rng(0)
    content, style = (cells_of(rng.standard_normal((n, 20)), shape) for n, shape in ((30, (5, 6)), (24, (4, 6))))
    found = correspond(content, style, 0)
    np.testing.assert_allclose(found.plan.sum(axis=1), 1)
    np.testing.assert_allclose(found.plan.mean(axis=0), 1 / 24, rtol=0.05)


def test_the_like_is_found_where_it_has_gone():
    rng = np.random.default_rng(1)
    features, moved = rng.standard_normal((30, 40)), rng.permutation(30)
    found = correspond(cells_of(features, (1, 30)), cells_of(features[moved], (1, 30)), 0)
    np.testing.assert_array_equal(found.plan.argmax(axis=1), np.argsort(moved))
    assert found.plan.max(axis=1).min() > 0.95
    assert found.again.all()


def test_nothing_is_seen_again_in_a_photo_of_something_else():
    rng = np.random.default_rng(5)
    content, style = (cells_of(rng.standard_normal((60, 100)), (6, 10)) for _ in range(2))
    assert not correspond(content, style, 0).again.any()


def test_it_costs_hardly_more_than_the_best_of_all_plans():
    rng = np.random.default_rng(2)
    content, style = (cells_of(rng.standard_normal((25, 8)), (1, 25)) for _ in range(2))
    z, z_style = ((f - f.mean(axis=0)) / (f.std(axis=0) + 1e-3) for f in (content.features[0], style.features[0]))
    z, z_style = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in (z, z_style))
    cost = 1 - z @ z_style.T
    best = cost[linear_sum_assignment(cost)].mean()
    paid = (correspond(content, style, 0).plan * cost).sum(axis=1).mean()
    assert best - 1e-6 < paid < best + 0.05


def test_of_two_alike_the_one_at_its_height_is_taken():
    same = np.ones((12, 5)) + 1e-9 * np.arange(12)[:, None]
    found = correspond(cells_of(same, (12, 1)), cells_of(same, (12, 1)), 0)
    assert (np.abs(found.plan @ np.arange(12) - np.arange(12)) < 1.5).all()


def test_a_region_has_its_own_cells_and_needs_four():
    features = np.random.default_rng(3).standard_normal((12, 5))
    shares = np.zeros((2, 12))
    shares[0, :9], shares[1, 9:] = 1, 1
    cells = cells_of(features, (3, 4), shares)
    np.testing.assert_array_equal(correspond(cells, cells, 0).inside, np.arange(9))
    assert correspond(cells, cells, 1) is None


def test_cells_are_those_of_the_encoder(photo, encoder):
    labels = torch.zeros(photo.shape[:2], dtype=torch.long)
    labels[:, 32:] = 1
    cells = find_cells(to_tensor(photo, encoder.device), labels, 2, encoder)
    assert cells.shape == (6, 8)
    assert [f.shape for f in cells.features] == [(48, 256), (48, 512), (48, 512)]
    np.testing.assert_allclose(cells.shares.reshape(2, 6, 8)[1], np.repeat([[0, 1]], 6, axis=0).repeat(4, axis=1))


def test_averages_are_those_of_the_pixels(photo):
    blocks = photo.reshape(6, 8, 8, 8, 3).mean(axis=(1, 3)).reshape(48, 3)
    np.testing.assert_allclose(averages(to_tensor(photo, torch.device("cpu")), (6, 8)), blocks, atol=1e-6)


def test_even_things_have_a_plan_too():
    same, other = cells_of(np.ones((6, 5)), (2, 3)), cells_of(np.random.default_rng(4).standard_normal((6, 5)), (2, 3))
    for content, style in ((same, other), (other, same), (same, same)):
        assert np.isfinite(correspond(content, style, 0).plan).all()
