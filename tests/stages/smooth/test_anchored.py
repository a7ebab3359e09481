"""Stage two from an anchor: (L + mu G + lambda I) r = lambda (y - a), x = a + r."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.segment import Regions, one_region
from stages.smooth import Smoother, find_anchor, mu_at_size, smooth
from stages.smooth.gradient_laplacian import SLOTS, gradient_stencil
from stages.smooth.matting_laplacian import apply_stencil
from tests.stages.smooth.factors import factors
from tests.stages.smooth.references import dense_laplacian, noisy, photo_like


def dense_gradients(image):
    """G by its definition, neighbour by neighbour (Farbman et al. 2008)."""
    height, width, _ = image.shape
    luma = np.log(image @ np.array([0.299, 0.587, 0.114]) + 0.05)
    pixels = np.arange(height * width).reshape(height, width)
    G = np.zeros((height * width, height * width))
    for dy, dx in ((0, 1), (1, 0)):
        for y in range(height - dy):
            for x in range(width - dx):
                weight = 1 / (abs(luma[y, x] - luma[y + dy, x + dx]) ** 1.2 + 0.005)
                e = np.zeros(height * width)
                e[pixels[y, x]], e[pixels[y + dy, x + dx]] = 1, -1
                G += weight * np.outer(e, e)
    return G


def stained(content, seed=5):
    """A stage-one image: recoloured, with a smear and with noise."""
    rng = np.random.default_rng(seed)
    y = 0.6 * content[..., ::-1] + 0.2 + 0.05 * rng.standard_normal(content.shape)
    y[4:8, 3:9] += 0.2
    return y.clip(0, 1)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (4, 7), (12, 9)])
def test_gradient_stencil_is_the_definition(height, width):
    image = photo_like(height, width)
    stencil = np.zeros((height, 13, width))
    stencil[:, SLOTS] = gradient_stencil(image)
    unit = np.eye(height * width).reshape(-1, height, width)
    np.testing.assert_allclose(
        apply_stencil(stencil, unit).reshape(height * width, -1), dense_gradients(image), atol=1e-9
    )


@factors
@pytest.mark.parametrize(("height", "width"), [(3, 3), (4, 7), (12, 9), (21, 26)])
@pytest.mark.parametrize(("lam", "mu"), [(1e-3, 1e-2), (1e-2, 3.0), (1.0, 3.0), (10.0, 0.0)])
def test_is_the_dense_solution(height, width, lam, mu, solver):
    content, y, a = photo_like(height, width), noisy(height, width, seed=2), noisy(height, width, seed=3)
    A = dense_laplacian(content, 1e-4) + mu * dense_gradients(content) + lam * np.eye(height * width)
    expected = a + np.linalg.solve(A, lam * (y - a).reshape(-1, 3)).reshape(y.shape)
    found = smooth(content, y, lam, mu, a, epsilon=1e-4, solver=solver)
    np.testing.assert_allclose(found.image, expected, atol=2e-7)
    assert found.residual < 1e-9


@pytest.mark.parametrize("mu", [0.0, 3.0])
def test_lambda_goes_from_the_anchor_to_the_stage_one_image(mu):
    """Neither L nor G sees a shift of the whole picture: the anchor has the mean of the stage-one image."""
    content, y = photo_like(20, 30), noisy(20, 30)
    a = noisy(20, 30, seed=1) * 0.5 + 0.2
    a += (y - a).mean(axis=(0, 1))
    smoother = Smoother(content)
    images = [smoother.solve(y, lam, mu, a).image for lam in (1e-7, 1e-3, 1e-1, 10.0, 1e6)]
    from_y = [np.abs(x - y).mean() for x in images]
    assert from_y == sorted(from_y, reverse=True)
    if mu:  # without, what varies as the content's colours do comes through
        np.testing.assert_allclose(images[0], a, atol=1e-3)
    np.testing.assert_allclose(images[-1], y, atol=5e-3)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([1e-3, 1e-1, 1.0]), st.sampled_from([0.0, 0.1, 3.0]))
def test_the_anchor_itself_comes_back(seed, lam, mu):
    content = photo_like(11, 13, seed)
    a = noisy(11, 13, seed + 1)
    np.testing.assert_allclose(smooth(content, a, lam, mu, a).image, a, atol=1e-6)


def test_colours_that_a_region_has_by_an_affine_map_of_the_contents_are_kept():
    content = photo_like(40, 60)
    labels = np.zeros((40, 60), np.uint8)
    A = np.array([[0.7, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.5]])
    y = content @ A + 0.1
    x = smooth(content, y, 1.0, 3.0, find_anchor(content, y, Regions(labels, labels, 1))).image
    np.testing.assert_allclose(x, y, atol=0.03)


def test_what_is_flat_stays_flat():
    """A stain on a flat wall: the difference to the anchor is spread out until it is too faint to be seen."""
    content = np.full((60, 80, 3), 0.6)
    content[:, 40:] = (0.2, 0.3, 0.4)
    y = content.copy()
    y[20:30, 10:20] += (0.2, -0.1, 0.1)
    smoothed = [smooth(content, y, 1e-2, mu, content).image - content for mu in (0.0, 0.1, 3.0)]
    stains = [float(np.abs(x).max()) for x in smoothed]
    assert stains == sorted(stains, reverse=True)
    assert stains[-1] < 0.02
    assert np.abs(smoothed[1][:, 41:]).max() < 0.5 * np.abs(smoothed[1][:, :40]).max()  # and the edge holds it back


def test_one_smoother_serves_all_lambdas_and_mus_whatever_came_before():
    content = photo_like(20, 24)
    y, smoother = stained(content), Smoother(content)
    a = find_anchor(content, y)
    for lam, mu in ((1.0, 3.0), (1.0, 0.0), (0.1, 3.0), (1.0, 3.0)):
        np.testing.assert_array_equal(smoother.solve(y, lam, mu, a).image, smooth(content, y, lam, mu, a).image)


def test_conjugate_gradients_agree():
    content = photo_like(60, 80)
    y = stained(content)
    a = find_anchor(content, y)
    by_factor, iterated = (smooth(content, y, 1.0, 3.0, a, solver=solver).image for solver in ("cholesky", "cg"))
    np.testing.assert_allclose(iterated, by_factor, atol=1e-5)


def test_a_grey_stage_one_image_gives_a_grey_result():
    content = photo_like(30, 40)
    y = np.repeat(stained(content)[..., :1], 3, axis=2)
    x = smooth(content, y, 1.0, 3.0, find_anchor(content, y)).image
    assert np.ptp(x, axis=2).max() < 1e-5


def test_what_does_not_fit_is_refused():
    content = photo_like(10, 12)
    with pytest.raises(ValueError, match=r"anchor: shape \(9, 12, 3\), the content's is \(10, 12, 3\)"):
        smooth(content, content, 1.0, 3.0, content[1:])
    with pytest.raises(ValueError, match="mu is -1"):
        smooth(content, content, 1.0, -1)
    with pytest.raises(ValueError, match=r"content's regions: \(9, 12\), it is \(10, 12\)"):
        find_anchor(content, content, one_region((9, 12), (10, 12)))


def test_mu_means_the_same_at_every_size():
    """A stain on a flat wall is as faint at twice the size, with the mu of that size."""
    faintest = []
    for scale in (1, 2):
        content = np.full((40 * scale, 60 * scale, 3), 0.5)
        y = content.copy()
        y[15 * scale : 25 * scale, 20 * scale : 30 * scale] += 0.3
        mu = mu_at_size(1000.0, *content.shape[:2])  # much more than L, which does not grow
        x = smooth(content, y, 1.0, mu, content).image
        faintest.append(float(np.abs(x - content).max()))
    assert faintest[1] == pytest.approx(faintest[0], rel=0.1)
    assert mu_at_size(3.0, 500, 700) == 3.0
