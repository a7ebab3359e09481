import numpy as np

from stages.look.monotone import made_to_rise, tones_rise
from stages.look.table import identity

LUMA = np.array([0.299, 0.587, 0.114])


def test_a_rising_table_stays_as_it_is() -> None:
    table = identity(9) ** np.float32(1.7)
    np.testing.assert_array_equal(made_to_rise(table), table)


def test_dips_are_levelled_with_their_hue_kept() -> None:
    table = 0.1 + 0.8 * identity(9)
    table[4, 4, 4] -= 0.2
    table[2, 6, 3] -= 0.2
    risen = made_to_rise(table)
    luma = risen @ LUMA
    assert (luma[1:, 1:, 1:] - luma[:-1, :-1, :-1]).min() > -1e-6
    change = risen - table
    assert np.ptp(change, axis=-1).max() < 1e-6, "all three channels move alike"
    assert (np.abs(change).max(axis=-1) > 1e-6).sum() <= 12, "only what lies near the dips"


def test_what_counts_as_rising() -> None:
    content = np.random.default_rng(0).random((2000, 3))
    count = np.ones(2000)
    assert tones_rise(content, content**2, count)
    assert tones_rise(content, np.full_like(content, 0.3), count)
    assert not tones_rise(content, 1 - content, count)
    assert not tones_rise(content, np.abs(2 * content - 1), count)
