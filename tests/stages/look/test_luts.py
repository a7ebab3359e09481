import numpy as np

from stages.look.luts import cube_rows, hald_picture
from stages.look.table import apply_table, identity


def test_red_runs_fastest() -> None:
    rows = cube_rows(identity(3))
    np.testing.assert_allclose(rows[:4], [[0, 0, 0], [0.5, 0, 0], [1, 0, 0], [0, 0.5, 0]])
    np.testing.assert_allclose(rows[-1], [1, 1, 1])
    np.testing.assert_allclose(rows[9], [0, 0, 0.5])


def test_the_hald_picture_of_no_look_has_each_of_its_colours_once() -> None:
    picture = hald_picture(identity(5), level=3)
    assert picture.shape == (27, 27, 3)
    flat = picture.reshape(-1, 3)
    index = np.arange(27 * 27)
    expected = np.stack([index % 9, index // 9 % 9, index // 81], axis=1) / 8
    np.testing.assert_allclose(flat, expected, atol=1e-6)


def test_the_hald_picture_s_colours_go_through_the_table() -> None:
    table = (identity(5) ** 2).astype(np.float32)
    same, looked = hald_picture(identity(5), 3), hald_picture(table, 3)
    np.testing.assert_allclose(looked, apply_table(table, same), atol=1e-6)
