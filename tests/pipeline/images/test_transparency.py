"""Colours under transparency: those around it, smoothly; what is seen stays as it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.images.transparency import extend_colours, without_premultiplication

SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 20))


@given(SHAPES.flatmap(lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 1, 255]))), st.data())
def test_what_is_seen_stays_and_the_rest_lies_between_its_extremes(levels: np.ndarray, data: st.DataObject) -> None:
    alpha = levels.astype(np.float32) / 255
    if not alpha.any():
        alpha.flat[data.draw(st.integers(0, alpha.size - 1))] = 1
    photo = np.random.default_rng(0).random((*alpha.shape, 3), dtype=np.float32)
    extended = extend_colours(photo, alpha)
    seen = alpha > 0
    assert np.array_equal(extended[seen], photo[seen])
    for channel in range(3):
        assert extended[..., channel].min() >= photo[seen][:, channel].min() - 1e-5
        assert extended[..., channel].max() <= photo[seen][:, channel].max() + 1e-5


def test_the_nearest_colour_counts_most_and_there_is_no_edge() -> None:
    photo, alpha = np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), np.float32)
    photo[:, :8], photo[:, -8:] = (1, 0, 0), (0, 0, 1)
    alpha[:, :8] = alpha[:, -8:] = 1
    extended = extend_colours(photo, alpha)
    assert extended[32, 10, 0] > 0.8
    assert extended[32, 53, 2] > 0.8
    assert np.abs(np.diff(extended, axis=1)).max() < 0.25


def test_premultiplication_is_undone() -> None:
    rng = np.random.default_rng(1)
    colours, alpha = rng.random((5, 6, 3), dtype=np.float32), rng.random((5, 6), dtype=np.float32)
    alpha[2, 3] = 0
    divided = without_premultiplication(colours * alpha[..., None], alpha)
    assert divided[2, 3].tolist() == [0, 0, 0]
    colours[2, 3] = 0
    assert divided == pytest.approx(colours, abs=1e-5)
