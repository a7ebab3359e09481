import base64
import io

import numpy as np
from PIL import Image

from pipeline.pages.report.pictures import LARGEST, THUMB, painted_picture, photo_picture
from tests.pipeline.pages.report.example import photo


def opened(data):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(np.float32) / 255


def test_a_photo_comes_back_nearly_as_it_was_and_at_its_size():
    picture = photo_picture("p1-x", "x", photo(0))
    assert (picture.height, picture.width) == (60, 90)
    assert np.abs(opened(picture.data) - photo(0)).mean() < 0.01
    assert opened(picture.thumb.removeprefix("data:image/jpeg;base64,")).shape == (60, 90, 3)


def test_large_photos_are_brought_down():
    picture = photo_picture("p1-x", "x", np.full((40, 2 * LARGEST, 3), 0.5, np.float32))
    assert opened(picture.data).shape == (20, LARGEST, 3)
    assert opened(picture.thumb.removeprefix("data:image/jpeg;base64,")).shape[1] == THUMB


def test_noise_can_be_encoded():
    """Noise at full quality is what overflows encoders' buffers."""
    noise = np.random.default_rng(0).random((300, 400, 3)).astype(np.float32)
    assert opened(photo_picture("p1-x", "x", noise).data).shape == noise.shape


def test_painted_colours_do_not_blend():
    painted = np.zeros((64, 900, 3), np.float32)
    painted[:, :450] = (1, 0, 1)
    picture = painted_picture("p1-x", "x", painted)
    np.testing.assert_array_equal(opened(picture.data), painted)
    small = opened(picture.thumb.removeprefix("data:image/png;base64,"))
    assert {tuple(colour) for colour in small.reshape(-1, 3).tolist()} == {(0, 0, 0), (1, 0, 1)}
