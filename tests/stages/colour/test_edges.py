import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.colour.edges import find_edges


def photo_with_an_edge(height=20, width=30):
    photo = np.full((height, width, 3), 0.8)
    photo[:, width // 2 :] = 0.1
    return photo


def test_ties_are_the_formula():
    photo = np.random.default_rng(0).random((4, 5, 3))
    log_luma = np.log(photo @ [0.299, 0.587, 0.114] + 0.05)
    right, down = find_edges(photo)
    assert right.shape == (4, 4)
    assert down.shape == (3, 5)
    np.testing.assert_allclose(right[1, 2], 1 / (abs(log_luma[1, 3] - log_luma[1, 2]) ** 1.2 + 0.005))
    np.testing.assert_allclose(down[1, 2], 1 / (abs(log_luma[2, 2] - log_luma[1, 2]) ** 1.2 + 0.005))


@given(st.integers(0, 100), st.sampled_from([0.1, 30.0, 1000.0]))
def test_nothing_leaves_its_range_and_sums_are_kept(seed, strength):
    rng = np.random.default_rng(seed)
    planes = rng.random((3, 9, 11))
    planes /= planes.sum(axis=0)
    smooth = find_edges(rng.random((9, 11, 3))).smooth(planes, strength)
    for before, after in zip(planes, smooth, strict=True):
        assert before.min() - 1e-12 <= after.min() <= after.max() <= before.max() + 1e-12
    np.testing.assert_allclose(smooth.sum(axis=0), 1, atol=1e-12)


def test_a_row_is_the_exact_minimiser():
    """On one row there is nothing to alternate with: each pass solves its tridiagonal system exactly."""
    rng = np.random.default_rng(1)
    photo, row = rng.random((1, 12, 3)), rng.random((1, 1, 12))
    (right, _), expected = find_edges(photo), row[0, 0]
    for share in 3 * 4.0 ** np.arange(3, -1, -1) / (4.0**4 - 1):
        system = np.eye(12)
        for x, weight in enumerate(right[0]):
            e = np.zeros(12)
            e[x], e[x + 1] = 1, -1
            system += 30 * share * weight * np.outer(e, e)
        expected = np.linalg.solve(system, expected)
    np.testing.assert_allclose(find_edges(photo).smooth(row, 30.0)[0, 0], expected, atol=1e-12)


def test_smooths_within_things_and_not_across_their_edges():
    photo = photo_with_an_edge()
    noise = np.random.default_rng(2).random((1, 20, 30))
    noise[..., 15:] += 2
    smooth = find_edges(photo).smooth(noise, 1.0)[0]
    assert smooth[:, :15].std() < 0.2 * noise[..., :15].std()
    assert smooth[:, 14].mean() < 0.9
    assert smooth[:, 15].mean() > 2.1


def test_strength_zero_changes_nothing():
    planes = np.random.default_rng(3).random((2, 5, 6))
    np.testing.assert_allclose(find_edges(np.zeros((5, 6, 3))).smooth(planes, 0.0), planes)


def test_planes_of_single_precision_are_solved_in_double():
    """However strong the ties, and wider than the columns that are solved side by side."""
    rng = np.random.default_rng(4)
    planes, edges = rng.random((2, 50, 70), dtype=np.float32), find_edges(rng.random((50, 70, 3)))
    single = edges.smooth(planes, 1e4)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, edges.smooth(planes.astype(np.float64), 1e4), atol=1e-6)
