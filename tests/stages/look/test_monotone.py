import numpy as np
import pytest

from stages.look.monotone import CHANNELS, GREY, made_to_rise, rising_steps
from stages.look.table import identity

LUMA = np.array([0.299, 0.587, 0.114])
EVEN = np.ones((9, 9, 9))
ALL = [GREY, *CHANNELS]


def falls(table: np.ndarray) -> float:
    """The most by which luma falls along any step."""
    luma = table @ LUMA
    steps = [luma[1:, 1:, 1:] - luma[:-1, :-1, :-1], *(np.diff(luma, axis=axis) for axis in range(3))]
    return max(0.0, *(-step.min() for step in steps))


def test_a_rising_table_stays_as_it_is() -> None:
    table = identity(9) ** np.float32(1.7)
    np.testing.assert_array_equal(made_to_rise(table, ALL, EVEN), table)


def test_dips_are_levelled_with_their_hue_kept() -> None:
    table = 0.1 + 0.8 * identity(9)
    table[4, 4, 4] -= 0.2
    table[2, 6, 3] -= 0.2
    risen = made_to_rise(table, [GREY], EVEN)
    luma = risen @ LUMA
    assert (luma[1:, 1:, 1:] - luma[:-1, :-1, :-1]).min() > -1e-6
    change = risen - table
    assert np.ptp(change, axis=-1).max() < 1e-6, "all three channels move alike"
    assert (np.abs(change).max(axis=-1) > 1e-6).sum() <= 12, "only what lies near the dips"
    assert falls(made_to_rise(table, ALL, EVEN)) < 2e-3


@pytest.mark.parametrize("seed", range(3))
def test_any_table_rises_in_the_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = (0.2 + 0.6 * identity(9) + 0.05 * rng.standard_normal((9, 9, 9, 3))).astype(np.float32)
    assert falls(table) > 0.05
    assert falls(made_to_rise(table, ALL, EVEN)) < 2e-3


def test_what_colours_have_seen_stays_and_what_they_have_not_gives_way() -> None:
    """White has become a little grey, and all around it nothing is known."""
    table = 0.9 * identity(9)
    table[-1, -1, -1] = 0.8
    firm = np.full((9, 9, 9), 0.01)
    firm[-1, -1, -1] = 100.0
    risen = made_to_rise(table, ALL, firm)
    np.testing.assert_allclose(risen[-1, -1, -1], 0.8, atol=0.002)
    assert (risen @ LUMA).max() < 0.803


def test_what_counts_as_rising() -> None:
    content = np.random.default_rng(0).random((2000, 3))
    count, A = np.ones(2000), np.eye(3)
    assert rising_steps(content, content**2, count, A) == ALL
    assert rising_steps(content, np.full_like(content, 0.3), count, A) == ALL
    assert rising_steps(content, 1 - content, count, A) == []
    assert rising_steps(content, np.abs(2 * content - 1), count, A) == []
    darkens_blue = np.array([[1, 0, -0.2], [0, 1, -0.2], [0, 0, 1]])
    assert rising_steps(content, content, count, darkens_blue) == [GREY, *CHANNELS[:2]]
