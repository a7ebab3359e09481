import numpy as np
import pytest

from stages.smooth.solvers.nested_dissection import nested_dissection

SIZES = [(3, 3), (3, 50), (50, 3), (5, 7), (6, 6), (16, 23), (64, 40)]


@pytest.mark.parametrize(("height", "width"), [*SIZES, (437, 700), (3, 5000)])
def test_every_pixel_comes_once(height, width):
    order = nested_dissection(height, width).order
    assert order.dtype == np.int32
    assert np.array_equal(np.sort(order), np.arange(height * width))


def test_the_last_pixels_are_a_strip_two_wide_that_separates_the_rest():
    order = nested_dissection(20, 31).order
    y, x = np.divmod(order[-40:], 31)
    assert set(y) == set(range(20))
    assert len(set(x)) == 2
    assert max(x) - min(x) == 1
    sides = np.sign(order[:-40] % 31 - min(x))
    assert (np.diff(sides) != 0).sum() == 1  # one half is finished before the other begins
    assert abs(np.count_nonzero(sides < 0) - np.count_nonzero(sides > 0)) <= 20


def filled_entries(order, height, width):
    """Entries of the Cholesky factor, by eliminating the graph's vertices one after the other."""
    y, x = np.divmod(order, width)
    graph = (abs(y[:, None] - y) <= 2) & (abs(x[:, None] - x) <= 2)
    for j in range(len(order)):
        later = np.flatnonzero(graph[j, j + 1 :]) + j + 1
        graph[np.ix_(later, later)] = True
    return np.count_nonzero(np.tril(graph))


@pytest.mark.parametrize(("height", "width"), SIZES[:-1])
def test_the_factor_is_no_larger_than_was_said(height, width):
    dissection = nested_dissection(height, width)
    entries = filled_entries(dissection.order, height, width)
    assert entries <= dissection.factor_entries < 2.5 * entries


def test_fills_less_than_reading_order():
    dissected = filled_entries(nested_dissection(48, 48).order, 48, 48)
    assert dissected < 0.7 * filled_entries(np.arange(48 * 48), 48, 48)
