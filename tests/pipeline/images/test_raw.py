"""Cameras' raw files: a DNG made here, whose colours, white balance and orientation are known."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pipeline.images.formats import raw
from pipeline.images.raster import ImageError
from pipeline.images.reading import understand

HEIGHT, WIDTH, WHITE = 96, 128, 16383
NEUTRAL = (0.5, 1.0, 0.625)
"""What the sensor sees of grey."""
XYZ_TO_CAMERA = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
"""A sensor with sRGB's primaries."""


def dng(orientation: int = 1, grey: float = 0.25) -> bytes:
    """A grey wall of linear light, in the left half; the right half is a quarter of it. RGGB."""
    light = np.full((HEIGHT, WIDTH), grey)
    light[:, WIDTH // 2 :] /= 4
    sensor = light.copy()
    sensor[::2, ::2] *= NEUTRAL[0]
    sensor[1::2, 1::2] *= NEUTRAL[2]
    matrix = np.rint(XYZ_TO_CAMERA.ravel() * 10000).astype(int)
    tags = [
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),
        (50708, 2, None, "Test Camera", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),
        (50717, 4, 1, WHITE, True),
        (50721, 10, 9, tuple(value for entry in matrix for value in (int(entry), 10000)), True),
        (50728, 5, 3, tuple(value for entry in NEUTRAL for value in (round(entry * 1000), 1000)), True),
        (50778, 3, 1, 21, True),
        (274, 3, 1, orientation, True),
        (271, 2, None, "Maker", True),
        (306, 2, None, "2026:05:04 03:02:01", True),
    ]
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        np.rint(sensor * WHITE).astype(np.uint16),
        photometric="cfa",
        metadata=None,
        software=False,
        extratags=tags,
    )
    return file.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photo.dng"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_developed_with_the_camera_s_white_balance_and_upright(path: Path, orientation: int) -> None:
    pytest.importorskip("rawpy")
    path.write_bytes(dng(orientation))
    original = understand(path).original
    photo = original.photo
    assert original.bits == 16
    assert photo.shape[:2] == ((WIDTH, HEIGHT) if orientation in (6, 8) else (HEIGHT, WIDTH))
    upright = np.rot90(photo, {1: 0, 3: 2, 6: 1, 8: 3}[orientation])
    bright, dark = upright[20:-20, 20:40].mean(axis=(0, 1)), upright[20:-20, -40:-20].mean(axis=(0, 1))
    for seen, light in ((bright, 0.25), (dark, 0.0625)):
        np.testing.assert_allclose(seen, 1.055 * light ** (1 / 2.4) - 0.055, atol=0.012)
    assert b"Maker" in (original.kept.exif or b"")


def test_a_series_keeps_its_exposures(path: Path) -> None:
    """A darker photo stays darker: brightness is never chosen by what is in the photo."""
    pytest.importorskip("rawpy")
    means = []
    for grey in (0.25, 0.125):
        path.write_bytes(dng(grey=grey))
        means.append(understand(path).original.photo[20:-20, 20:40].mean())
    assert means[1] < 0.8 * means[0]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_what_is_cut_off_is_refused(path: Path, share: float) -> None:
    pytest.importorskip("rawpy")
    data = dng()
    path.write_bytes(data[: round(share * len(data))])
    with pytest.raises(ImageError, match=r"photo\.dng: damaged"):
        understand(path)


def test_without_rawpy_the_remedy_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    path.write_bytes(dng())
    with pytest.raises(ImageError, match=r"photo\.dng: a camera's raw file: .*photostyle\[raw\]"):
        understand(path)


@pytest.mark.parametrize(
    "start", [b"FUJIFILMCCD-RAW 0201", b"IIU\0\x08\0\0\0", b"IIRO\x08\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1"]
)
def test_other_makers_are_known_by_their_first_bytes(path: Path, start: bytes) -> None:
    pytest.importorskip("rawpy")
    assert raw.is_raw(start + bytes(200))
    path.write_bytes(start + bytes(200))
    with pytest.raises(ImageError, match=r"photo\.dng: damaged"):
        understand(path)


def test_a_plain_tiff_is_no_raw_file() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    assert not raw.is_raw(file.getvalue())
