import numpy as np
import pytest
from scipy import sparse

from stages.look import fit
from stages.look.fit import fit_table, unheld
from stages.look.multigrid import solve_on_lattice
from stages.look.table import apply_table, identity

SIZE = 17
"""Smaller tables take a tenth of the time."""


@pytest.fixture
def colours() -> np.ndarray:
    """Of a photo: most along a line through the cube, some everywhere."""
    rng = np.random.default_rng(0)
    line = rng.random((6000, 1)) * [0.9, 0.8, 0.7] + 0.05 + 0.04 * rng.standard_normal((6000, 3))
    return np.concatenate([line, rng.random((4000, 3))]).clip(0, 1).astype(np.float32)


def test_an_affine_look_is_found_everywhere(colours) -> None:
    A, b = np.array([[0.7, 0.1, 0.1], [0.1, 0.6, 0.1], [0.1, 0.1, 0.5]]), [0.05, 0.1, 0.0]
    table = fit_table(colours, (colours @ A.T + b).astype(np.float32), SIZE)
    off = np.abs(table - (identity(SIZE) @ A.T + b))
    assert np.mean(off > 0.004) < 0.001
    assert off.max() < 0.016, "at white, where no colour of the photo lies"


def test_a_curved_look_is_held(colours) -> None:
    results = colours ** np.array([0.6, 0.9, 1.4], np.float32)
    table = fit_table(colours, results, SIZE)
    left = unheld(table, colours, results)
    assert left.mean < 0.5
    assert left.percentile_95 < 1.5


def test_what_depends_on_the_place_is_averaged_and_told(colours) -> None:
    """Half of the pixels get brighter by 0.1, the others darker."""
    sign = np.where(np.arange(len(colours)) % 2, 0.1, -0.1)[:, None]
    results = (0.2 + 0.6 * colours + sign).astype(np.float32)
    table = fit_table(colours, results, SIZE)
    assert np.abs(apply_table(table, colours) - (0.2 + 0.6 * colours)).mean() < 0.01
    assert unheld(table, colours, results).mean == pytest.approx(9, abs=3)


def test_the_table_is_smooth_where_results_are_noisy(colours) -> None:
    noisy = (colours + 0.05 * np.random.default_rng(1).standard_normal(colours.shape)).clip(0, 1).astype(np.float32)
    table = fit_table(colours, noisy, SIZE)
    assert np.abs(table - identity(SIZE)).mean() < 0.02
    for axis in range(3):
        assert np.abs(np.diff(table, 2, axis=axis)).max() < 0.02


@pytest.mark.parametrize("photo", [np.full((50, 3), 0.4), np.array([[0.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 1.0]])])
def test_one_colour_alone_becomes_what_it_became(photo) -> None:
    photo = photo.astype(np.float32)
    result = (0.1 + 0.7 * photo).astype(np.float32)
    table = fit_table(photo, result, SIZE)
    assert np.abs(apply_table(table, photo) - result).max() < 0.01
    assert np.isfinite(table).all()


def test_brighter_stays_brighter_but_in_a_negative(colours) -> None:
    rising = fit_table(colours, (0.5 + 0.02 * (colours - 0.5)).astype(np.float32), SIZE)
    luma = rising @ np.array([0.299, 0.587, 0.114])
    assert (luma[1:, 1:, 1:] - luma[:-1, :-1, :-1]).min() > -1e-6
    negative = fit_table(colours, 1 - colours, SIZE)
    assert unheld(negative, colours, 1 - colours).mean < 0.5


def test_unseen_highlights_are_no_brighter_than_white() -> None:
    """White clouds have become grey; no yellow light was there to learn from."""
    greys = np.repeat(np.random.default_rng(4).random((4000, 1)), 3, axis=1)
    greys[3000:] = 1
    contents = (greys + 0.01 * np.random.default_rng(5).standard_normal((4000, 3))).clip(0, 1).astype(np.float32)
    results = (0.2 + 0.9 * contents).clip(0, 0.9).astype(np.float32)
    luma = fit_table(contents, results, SIZE) @ np.array([0.299, 0.587, 0.114])
    assert luma[-1, -1, -1] == pytest.approx(0.9, abs=0.01)
    assert luma.max() < luma[-1, -1, -1] + 0.005


def test_the_lattice_s_system_is_solved() -> None:
    """Against a direct solution."""
    D = fit.second_differences(9)
    A = (0.3 * D.T @ D + 1e-3 * sparse.eye_array(9**3)).tocsr()
    wanted = np.random.default_rng(2).standard_normal((9**3, 2))
    solved = solve_on_lattice(A, wanted, np.zeros_like(wanted), 9)
    assert np.linalg.norm(A @ solved - wanted) < 2e-5 * np.linalg.norm(wanted)


def test_second_differences_see_no_affine_table() -> None:
    D, lattice = fit.second_differences(9), identity(9).reshape(-1, 3).astype(np.float64)
    assert np.abs(D @ (lattice @ np.ones((3, 3)) + 0.2)).max() < 1e-6
    assert np.abs(D @ (lattice[:, :1] * lattice[:, 1:2])).max() > 0.01


def test_the_fit_interpolates_as_the_table_does(colours) -> None:
    table = np.random.default_rng(3).random((9, 9, 9, 3)).astype(np.float32)
    interpolated = fit.interpolation(colours.astype(np.float64), 9) @ table.reshape(-1, 3)
    np.testing.assert_allclose(interpolated, apply_table(table, colours), atol=1e-5)
