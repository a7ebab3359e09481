import numpy as np
import pytest

from pipeline.compare.metrics import Scorer, Scores
from pipeline.networks.weights import load_encoder_weights
from stages.features import Encoder
from stages.segment import Regions, one_region
from stages.smooth.matting_laplacian import matting_laplacian


@pytest.fixture(scope="module")
def encoder():
    weights = load_encoder_weights("vgg16")
    return Encoder(weights.tensors, weights.architecture)


def picture(seed, height=60, width=80):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / width
    waves = np.sin(rng.uniform(4, 30, 3) * x[..., None] + rng.uniform(4, 30, 3) * y[..., None])
    return (0.5 + 0.3 * waves + 0.05 * rng.standard_normal((height, width, 3))).clip(0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def scorer(encoder):
    return Scorer(picture(0), picture(1), one_region((60, 80), (60, 80)), encoder)


def test_the_content_keeps_its_edges_and_the_style_its_style(scorer):
    content, style = scorer.score(picture(0)), scorer.score(picture(1))
    assert content.edge_ssim == pytest.approx(1)
    assert style.style_distance == pytest.approx(0, abs=1e-4)  # 8 bits
    assert style.colour_distance == pytest.approx(0, abs=2e-3)
    assert content.style_distance > 0.01
    assert content.colour_distance > 0.005
    assert style.edge_ssim < 0.5


def test_colour_distance_of_a_shift(encoder):
    """Sliced Wasserstein-1 of a shift v is the mean of |v . d| over directions d: |v| / 2 for random ones."""
    grey = np.full((40, 40, 3), 0.4, np.float32) + 0.1 * picture(2, 40, 40)
    shifted = grey + np.float32([0.2, 0, 0])
    scores = Scorer(grey, shifted, one_region((40, 40), (40, 40)), encoder).score(grey)
    assert scores.colour_distance == pytest.approx(0.1, rel=0.15)


def test_affine_energy_is_that_of_the_matting_laplacian(scorer):
    image = picture(3)
    x = np.round(image * 255).astype(np.float32).reshape(-1, 3) / np.float32(255)
    L = matting_laplacian(picture(0))
    assert scorer.score(image).affine_energy == pytest.approx((x * (L @ x.astype(float))).sum() / len(x), rel=1e-5)


def test_a_recolouring_has_no_affine_energy(scorer):
    recoloured = picture(0) @ np.float32([[0.6, 0.1, 0], [0.1, 0.5, 0.1], [0, 0.2, 0.6]])
    assert scorer.score(recoloured).affine_energy < 0.05 * scorer.score(picture(3)).affine_energy


def test_regions_are_scored_apart_and_weighted_by_area(encoder):
    content, style = picture(0), picture(1)
    labels = np.zeros((60, 80), np.uint8)
    labels[:, 60:] = 1  # a quarter
    mirrored = style[:, ::-1].copy()
    regions = Regions(labels, labels[:, ::-1].copy(), 2, ())
    scorer = Scorer(content, mirrored, regions, encoder)
    half_right = style.copy()
    half_right[:, 60:] = content[:, 60:]
    wrong, right = scorer.score(content).colour_distance, scorer.score(half_right).colour_distance
    assert scorer.score(style).colour_distance < 2e-3
    quarter = Scorer(content[:, 60:].copy(), style[:, 60:].copy(), one_region((60, 20), (60, 20)), encoder)
    assert right == pytest.approx(0.25 * quarter.score(content[:, 60:].copy()).colour_distance, rel=0.05)
    assert right < wrong


def test_a_result_of_another_size_is_refused(scorer):
    with pytest.raises(ValueError, match=r"\(59, 80, 3\) can't be scored against a content of \(60, 80, 3\)"):
        scorer.score(picture(0)[1:])


def test_every_score_is_a_plain_number(scorer):
    scores = scorer.score(picture(3))
    assert isinstance(scores, Scores)
    assert all(type(value) is float and np.isfinite(value) for value in scores)
