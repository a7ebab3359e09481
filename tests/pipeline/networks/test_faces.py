"""Protected skin in a dataset's results, by a draft of a real portrait."""

import numpy as np
import pytest
import skimage.data
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.events.errors import NetworkError
from pipeline.images.encoding import encode_png
from pipeline.images.reading import read_photo
from pipeline.networks import faces
from pipeline.run.dataset import run_dataset
from pipeline.settings.config import Config, Protect
from pipeline.store.manifest import read_manifest

FACE = (slice(80, 150), slice(95, 155))
"""Cheeks, nose and mouth of the astronaut."""


@pytest.fixture(scope="session")
def weights() -> None:
    try:
        faces.load_face_weights()
    except NetworkError as error:
        pytest.skip(f"MTCNN's weights can't be had here: {error}")


@pytest.fixture
def drafted(tmp_path):
    pair = tmp_path / "trip" / "portrait"
    pair.mkdir(parents=True)
    astronaut = skimage.data.astronaut()[:256, 100:356] / 255
    y, x = np.mgrid[0:96, 0:96] / 96
    (pair / "content.png").write_bytes(encode_png(astronaut, 8))
    (pair / "style.png").write_bytes(encode_png(np.stack([0.2 * x, 0.3 + 0.3 * y, 0.4 + 0.6 * x * y], axis=2), 8))

    def draft(skin=0.0):
        config = Config(draft=True, masks="none", protect=Protect(skin=skin))
        summary = run_dataset(tmp_path / "trip", tmp_path / "results", config)
        place = tmp_path / "results" / "trip" / "portrait" / "draft"
        return summary, read_photo(place / "image.png"), read_manifest(place)

    return draft


def test_protected_skin_keeps_its_hue_and_all_else_its_style(drafted, weights, tmp_path):
    content = read_photo(tmp_path / "trip" / "portrait" / "content.png")
    _, plain, unprotected = drafted()
    summary, kept, manifest = drafted(0.7)
    assert (summary.done, summary.failures) == (1, ())
    before, after = (rgb2lab(image[FACE]) for image in (plain, kept))
    own = rgb2lab(content[FACE])
    before[..., 0] = after[..., 0] = own[..., 0]
    assert deltaE_ciede2000(own, after).mean() < 0.6 * deltaE_ciede2000(own, before).mean()
    np.testing.assert_array_equal(kept[:, 230:], plain[:, 230:])
    assert "protect" not in unprotected.recipe.settings
    assert manifest.recipe.settings["protect"] == {"skin": 0.7}
    assert drafted(0.7)[0].done == 0


def test_where_what_finds_faces_can_t_be_had_that_is_said(drafted, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(faces, "WHEEL", "no-such-package-as-this-one==1")
    with pytest.raises(NetworkError, match=r"to protect skin: pip could not download no-such-package"):
        drafted(1.0)
