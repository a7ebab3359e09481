import numpy as np
import pytest

from pipeline.compare.contrast import COARSE, FINE, contrast_kept, local_contrast


def textured(height=60, width=80):
    return np.random.default_rng(0).uniform(0.2, 0.8, (height, width, 1)).repeat(3, axis=2).astype(np.float32)


@pytest.mark.parametrize("sigma", [FINE, COARSE])
def test_zero_keeps_it_and_minus_one_halves_it(sigma):
    content = textured()
    assert contrast_kept(local_contrast(content, sigma), content, sigma) == 0
    halved = 0.5 + 0.5 * (content - 0.5)
    assert contrast_kept(local_contrast(content, sigma), halved, sigma) == pytest.approx(-1, abs=0.05)


def test_haze_lowers_it_and_darkness_alone_does_not():
    content = textured()
    before = local_contrast(content, COARSE)
    assert contrast_kept(before, 0.5 * content + 0.5, COARSE) < -1
    darker = (content + 0.1) * 0.5 - 0.1 + 0.05  # deviation and mean + 0.1 both go down
    assert contrast_kept(before, darker, COARSE) > -0.5


def test_a_flat_content_has_none_to_lose():
    flat = np.full((20, 20, 3), 0.5, np.float32)
    assert contrast_kept(local_contrast(flat, FINE), textured(20, 20), FINE) == 0
