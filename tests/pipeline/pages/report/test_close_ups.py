import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.pages.report.close_ups import PLACES, affine_energy_map, distortion, find_close_ups
from stages.smooth import affine_energy
from stages.smooth.matting_laplacian import matting_laplacian
from tests.pipeline.pages.report.example import SPOT, photo, spoilt


def test_the_map_of_affine_energy_sums_to_the_energy():
    content, stylized = photo(0), photo(1)
    energies = affine_energy_map(content, stylized)
    whole = affine_energy(matting_laplacian(content), stylized) * energies.size
    np.testing.assert_allclose(energies.sum(), whole, rtol=1e-9)


def test_the_worst_place_is_where_the_noise_is():
    content = photo(0)
    worst, *_ = find_close_ups(distortion(content, spoilt(content)))
    height, width = content.shape[:2]
    assert worst.x * width <= SPOT[1].start
    assert (worst.x + worst.width) * width >= SPOT[1].stop
    assert worst.y * height <= SPOT[0].start
    assert (worst.y + worst.height) * height >= SPOT[0].stop


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=40)))
def test_windows_are_square_inside_and_apart(distorted):
    distorted = np.nan_to_num(np.abs(distorted), posinf=1.0)
    height, width = distorted.shape
    places = find_close_ups(distorted)
    assert 1 <= len(places) <= PLACES
    boxes = [np.round([p.x * width, p.y * height, p.width * width, p.height * height], 6) for p in places]
    for x, y, w, h in boxes:
        assert w == h >= 1
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            assert abs(one[0] - other[0]) >= one[2] or abs(one[1] - other[1]) >= one[2]


@given(st.integers(0, 59), st.integers(0, 89))
def test_a_peak_in_the_middle_is_in_the_middle_of_its_window(row, column):
    distorted = np.zeros((60, 90))
    distorted[row, column] = 1.0
    worst, *_ = find_close_ups(distorted)
    side = worst.width * 90
    if side / 2 < column < 90 - side / 2 and side / 2 < row < 60 - side / 2:
        assert abs(worst.x * 90 + side / 2 - column) <= 1
        assert abs(worst.y * 60 + side / 2 - row) <= 1
