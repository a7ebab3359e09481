import numpy as np
import pytest
from scipy.sparse import csc_array

from stages.smooth.matting_laplacian import matting_laplacian, matting_stencil
from stages.smooth.solvers.nested_dissection import nested_dissection
from stages.smooth.solvers.sparsity import ENTRIES, lower_sparsity
from tests.stages.smooth.references import noisy

SIZES = [(3, 3), (3, 9), (11, 4), (20, 27)]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_the_lower_triangle_is_that_of_the_permuted_matrix(height, width, index_type):
    image = noisy(height, width)
    order = nested_dissection(height, width).order
    sparsity = lower_sparsity(order, height, width, index_type)
    size = height * width
    lower = csc_array((sparsity.gather(matting_stencil(image)), sparsity.indices, sparsity.indptr), shape=(size, size))
    assert sparsity.indices.dtype == sparsity.indptr.dtype == index_type
    assert lower.has_canonical_format
    assert np.array_equal(lower.toarray(), np.tril(matting_laplacian(image).toarray()[np.ix_(order, order)]))


def test_any_order_will_do():
    order = np.random.default_rng(0).permutation(6 * 8).astype(np.int32)
    sparsity = lower_sparsity(order, 6, 8)
    values = sparsity.gather(matting_stencil(noisy(6, 8)))
    lower = csc_array((values, sparsity.indices, sparsity.indptr), shape=(48, 48)).toarray()
    assert np.array_equal(lower, np.tril(matting_laplacian(noisy(6, 8)).toarray()[np.ix_(order, order)]))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_entry_of_the_stencil_inside_the_image_is_used(height, width):
    source = lower_sparsity(nested_dissection(height, width).order, height, width).source
    used = np.zeros((height, ENTRIES, width), bool)
    used.reshape(-1)[source] = True
    assert np.count_nonzero(used) == len(source)
    slot = np.arange(ENTRIES)
    dy, dx = (slot + 2) // 5, slot - 5 * ((slot + 2) // 5)
    y, x = np.arange(height)[:, None, None] + dy[:, None], np.arange(width) + dx[:, None]
    assert np.array_equal(used, (y < height) & (x >= 0) & (x < width))
