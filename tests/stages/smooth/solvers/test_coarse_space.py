import numpy as np
import pytest

from stages.smooth.matting_laplacian import matting_stencil
from stages.smooth.solvers.cholesky import NodeCholesky
from stages.smooth.solvers.coarse_space import SPACING, CoarseSpace, hats
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like

SIZES = [(3, 3), (5, 40), (30, 21)]


def planes(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)


def dense_prolongation(space, height, width):
    """P, column by column."""
    count = 4 * space.shape[0] * space.shape[1]
    columns = []
    for unit in np.eye(count):
        plane = np.zeros((1, height, width))
        space.prolong(unit.reshape(*space.shape, 1, 4), plane)
        columns.append(plane.ravel())
    return np.stack(columns, axis=1)


def dense_blocks(blocks):
    """The matrix of the blocks (rows, columns, 9, 4, 4)."""
    rows, columns = blocks.shape[:2]
    matrix = np.zeros((rows * columns, 4, rows * columns, 4))
    for r, c, n in np.ndindex(rows, columns, 9):
        there = r + n // 3 - 1, c + n % 3 - 1
        if 0 <= there[0] < rows and 0 <= there[1] < columns:
            matrix[r * columns + c, :, there[0] * columns + there[1]] = blocks[r, c, n]
    return matrix.reshape(4 * rows * columns, -1)


@pytest.mark.parametrize("length", [3, 4, 9, 17, 20, 21, 100])
def test_hats_reach_from_node_to_node_and_are_flat_about_each(length):
    edges, share = hats(length)
    assert edges[0] == 0
    assert edges[-1] == length - 1
    if length > SPACING:
        assert SPACING / 2 < np.diff(edges).min() <= np.diff(edges).max() < 2 * SPACING
    for edge in edges[1:-1]:
        np.testing.assert_array_equal(share[edge - 1 : edge + 2], [1, 0, 0])
    assert share.min() >= 0
    assert share.max() <= 1


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_affine_maps_of_the_colours_are_in_the_space(height, width):
    content = photo_like(height, width).astype(np.float32)
    prolongation = dense_prolongation(CoarseSpace(planes(content)), height, width)
    affine = np.column_stack([np.ones(height * width), content.reshape(-1, 3)])
    coefficients = np.linalg.lstsq(prolongation, affine, rcond=None)[0]
    np.testing.assert_allclose(prolongation @ coefficients, affine, atol=1e-8)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_restriction_is_the_transpose_of_prolongation(height, width):
    space = CoarseSpace(planes(noisy(height, width)))
    x = np.random.default_rng(0).random((2, height, width))
    expected = x.reshape(2, -1) @ dense_prolongation(space, height, width)
    np.testing.assert_allclose(space.restrict(x).transpose(2, 0, 1, 3).reshape(2, -1), expected, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_galerkin_matrices_are_the_products_that_they_stand_for(height, width):
    content = noisy(height, width)
    space = CoarseSpace(planes(content))
    prolongation = dense_prolongation(space, height, width)
    stiffness, mass = space.galerkin(matting_stencil(content))
    laplacian = dense_laplacian(content, 1e-7)
    np.testing.assert_allclose(dense_blocks(stiffness), prolongation.T @ laplacian @ prolongation, atol=1e-8)
    np.testing.assert_allclose(dense_blocks(mass), prolongation.T @ prolongation, atol=1e-8)


@pytest.mark.parametrize("lam", [1e-4, 1.0])
def test_the_coarse_factor_solves_the_coarse_system(lam):
    content = noisy(30, 21)
    space = CoarseSpace(planes(content))
    stiffness, mass = space.galerkin(matting_stencil(content))
    factor = NodeCholesky(stiffness, mass)
    factor.factorise(lam)
    x = np.random.default_rng(0).random((*space.shape, 3, 4))
    matrix = dense_blocks(stiffness) + lam * dense_blocks(mass)
    b = np.einsum("ij,jk->ik", matrix, x.swapaxes(2, 3).reshape(-1, 3)).reshape(*space.shape, 4, 3).swapaxes(2, 3)
    np.testing.assert_allclose(factor.solve(b), x, atol=1e-4 if lam < 1e-3 else 1e-6)  # for its diagonal is lifted
