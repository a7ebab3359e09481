"""Stage one and the one-stage method with real VGG-16 features, at small size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stages.segment import Regions
from stages.settings import OneStage, Stylize
from stages.smooth.matting_laplacian import matting_laplacian
from stages.stylize import objective, onestage, stylize

QUICK = {"sizes": (48, 64), "evaluations": (8, 4)}


@pytest.fixture
def style(photo):
    return np.ascontiguousarray(photo[::-1, :, ::-1] ** 2)


def mean_difference(a, b):
    return np.abs(a.mean(axis=(0, 1)) - b.mean(axis=(0, 1))).max()


@pytest.mark.parametrize("start", ["colour", "content", "noise"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_loss_falls_and_the_colours_come_closer(photo, style, encoder, start, optimizer):
    told = []
    settings = Stylize(start=start, optimizer=optimizer, **QUICK)
    result = stylize(photo, style, encoder, settings=settings, on_iterate=told.append)
    assert result.image.shape == photo.shape
    assert result.image.dtype == np.float32
    assert np.isfinite(result.image).all()
    assert result.evaluations == told[-1].step <= told[-1].total == 12
    first = [i.loss for i in told if i.size == 48]
    assert min(first) < first[0]
    assert sum(result.losses.values()) == pytest.approx(min(i.loss for i in told if i.size == 64), rel=1e-5)
    if start != "noise":  # twelve evaluations lead nowhere near from there
        assert mean_difference(result.image, style) < mean_difference(photo, style)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_device_finds_its_way_in_every_precision(photo, style, encoder_on, device, dtype, monkeypatch):
    if device.type == "mps":
        pytest.skip("PyTorch's MPS has no means over cells that don't divide the image")

    def iterates(encoder):
        told, notes = [], []
        stylize(photo, style, encoder, settings=Stylize(**QUICK), on_iterate=told.append, on_note=notes.append)
        assert notes == []  # an evaluation is replayed, where there is anything to replay it
        return [i.loss for i in told]

    expected = iterates(encoder_on(torch.device("cpu")))
    monkeypatch.setattr(objective, "compute_dtype", lambda device: dtype)
    losses = iterates(encoder_on(device))
    assert losses[0] == pytest.approx(expected[0], rel=0.02)
    assert min(losses) == pytest.approx(min(expected), rel=0.1)


def test_same_seed_same_result(photo, style, encoder):
    settings = Stylize(start="noise", **QUICK)
    first, second = (stylize(photo, style, encoder, settings=settings) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    other = stylize(photo, style, encoder, settings=Stylize(start="noise", seed=1, **QUICK))
    assert np.abs(first.image - other.image).max() > 0.01


def test_each_region_takes_its_own_style(photo, encoder):
    labels = np.zeros(photo.shape[:2], np.uint8)
    labels[:, 32:] = 1
    style = np.full_like(photo, 0.1)
    style[:, 32:] = (0.8, 0.5, 0.2)
    style += 0.02 * np.random.default_rng(0).random(style.shape, dtype=np.float32)
    result = stylize(photo, style, encoder, regions=Regions(labels, labels, 2, ()), settings=Stylize(**QUICK))
    for k in (0, 1):
        np.testing.assert_allclose(
            result.image[labels == k].mean(axis=0), style[labels == k].mean(axis=0), atol=0.1, err_msg=f"region {k}"
        )


def test_onestage_lowers_the_affine_energy_of_its_start(photo, style, encoder):
    L = matting_laplacian(photo)
    rng = np.random.default_rng(0)
    start = np.clip(photo + 0.1 * rng.standard_normal(photo.shape), 0, 1).astype(np.float32)

    def energy(image):
        x = image.reshape(-1, 3).astype(float)
        return (x * (L @ x)).sum()

    result = onestage(photo, style, start, L, encoder, settings=OneStage(evaluations=10))
    assert energy(result.image) < 0.5 * energy(start)
    assert set(result.losses) == {"style", "content", "photorealism", "variation", "chroma"}


def broken(photo, what):
    image = photo.copy()
    image[3, 4] = what
    return image


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda p: p[..., 0], r"the content is \(H, W, 3\)"),
        (lambda p: p[:31], r"at least 32, this one is \(31, 64, 3\)"),
        (lambda p: broken(p, np.nan), "the content has 3 values that are not finite"),
        (lambda p: broken(p, 1.5), r"the content is in \[0, 1\], this one spans"),
    ],
)
def test_a_bad_image_is_refused(photo, encoder, content, message):
    with pytest.raises(ValueError, match=message):
        stylize(content(photo), photo, encoder)


def test_bad_regions_are_refused(photo, encoder):
    labels = np.zeros(photo.shape[:2], np.uint8)
    with pytest.raises(ValueError, match=r"the content's regions are \(47, 64\)"):
        stylize(photo, photo, encoder, regions=Regions(labels[1:], labels, 1, ()))
    for sure in (True, False):
        with pytest.raises(ValueError, match=r"regions \[1\] have no pixel in the style"):
            stylize(photo, photo, encoder, regions=Regions(labels, labels, 2, sure=sure))


def test_found_regions_tell_which_hues_there_are(photo, encoder):
    """Their style is grey to the left; light and texture take no notice of them."""
    labels = np.repeat([[0, 1]], [32, 32], axis=1).repeat(48, axis=0).astype(np.uint8)
    style = photo[::-1].copy()
    style[:, :32] = style[:, :32, :1]
    regions = Regions(labels, labels, 2, sure=False)
    settings = Stylize(sizes=(32,), evaluations=(3,))
    image = stylize(photo, style, encoder, regions=regions, settings=settings).image
    saturation = np.ptp(image, axis=2)
    assert saturation[:, :8].mean() < 0.3 * saturation[:, -8:].mean()
    drawn = stylize(photo, style, encoder, regions=replace(regions, sure=True), settings=settings).image
    assert np.abs(image - drawn).max() > 0.01


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match=r"`evaluations`: as many numbers as `sizes` \(2\), not 1"):
        Stylize(sizes=(64, 128), evaluations=(5,))


@pytest.mark.parametrize("grey", ["style", "both"])
def test_a_grey_style_gives_a_grey_result(photo, style, encoder, grey):
    """By construction: regions change within the span of their style's colours."""
    content = np.repeat(photo[..., 1:2], 3, axis=2) if grey == "both" else photo
    style = np.repeat(style[..., 1:2], 3, axis=2)
    image = stylize(content, style, encoder, settings=Stylize(**QUICK)).image
    assert np.ptp(image, axis=2).max() < 0.5 / 255


def test_onestage_refuses_what_does_not_fit(photo, style, encoder):
    L = matting_laplacian(photo)
    with pytest.raises(ValueError, match="the start is of the content's size"):
        onestage(photo, style, photo[1:], L, encoder)
    with pytest.raises(ValueError, match="the Laplacian of 3072 pixels is 3072 square"):
        onestage(photo, style, photo, L[1:, 1:], encoder)
