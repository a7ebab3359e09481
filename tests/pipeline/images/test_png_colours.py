"""What a PNG says about its colours in numbers: it is followed, or passed over as no photo's, or refused as HDR's."""

import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.images.formats.stated_colours import BT709, BT2020, D65, P3
from pipeline.images.raster import ImageError
from pipeline.images.reading import understand
from tests.pipeline.images.image_files import RGB, chunk, png

VALUES = RGB / 255
SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 1e5)))


def primaries(values: tuple[float, ...], white: tuple[float, float] = D65) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 1e5) for value in (*white, *values))))


def coded(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


def photo(folder: Path, *chunks: bytes, values: np.ndarray = RGB) -> Path:
    data = png(values)
    (folder / "a.png").write_bytes(data[:33] + b"".join(chunks) + data[33:])
    return folder / "a.png"


def to_light(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_srgb(light: np.ndarray) -> np.ndarray:
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_xyz(values: tuple[float, ...], white: tuple[float, float] = D65) -> np.ndarray:
    """From light of these primaries, so that all three make white."""
    x, y = np.array(values[0::2]), np.array(values[1::2])
    columns = np.stack([x, y, 1 - x - y])
    whole = np.array([white[0], white[1], 1 - sum(white)]) / white[1]
    return columns * np.linalg.solve(columns, whole)


def through(light: np.ndarray, values: tuple[float, ...]) -> np.ndarray:
    return to_srgb(light @ to_xyz(values).T @ np.linalg.inv(SRGB_TO_XYZ).T)


READ = {
    "sRGB's gamma": ((gamma(0.45455),), VALUES),
    "an old Macintosh's gamma": ((gamma(1 / 1.8),), to_srgb(VALUES**1.8)),
    "linear": ((gamma(1),), to_srgb(VALUES)),
    "primaries of Display P3, with sRGB's curve": ((primaries(P3),), through(to_light(VALUES), P3)),
    "primaries and gamma": ((primaries(BT2020), gamma(0.5)), through(VALUES**2, BT2020)),
    "sRGB's primaries, a bit off": ((primaries((0.6401, 0.33, 0.3, 0.6, 0.15, 0.0601)),), VALUES),
    "sRGB's word counts before gamma": ((chunk(b"sRGB", b"\0"), gamma(1)), VALUES),
    "coded as sRGB": ((coded(1, 13, 0, 1), gamma(1)), VALUES),
    "coded as television": ((coded(1, 1, 0, 1),), VALUES),
    "coded as nobody knows": ((coded(2, 2, 0, 1),), VALUES),
    "coded as Display P3": ((coded(12, 13, 0, 1),), through(to_light(VALUES), P3)),
    "coded as linear": ((coded(1, 8, 0, 1),), to_srgb(VALUES)),
    "coded as wide and of 2.2": ((coded(9, 4, 0, 1),), through(VALUES**2.2, BT2020)),
}


@pytest.mark.parametrize("name", READ)
def test_numbers_are_followed_without_a_word(tmp_path: Path, name: str) -> None:
    chunks, expected = READ[name]
    original, notes = understand(photo(tmp_path, *chunks))
    assert notes == ()
    assert np.abs(original.photo - expected).max() < 0.012


@pytest.mark.parametrize("value", [0.5, 1.0])
def test_the_gamma_of_a_grey_photo(tmp_path: Path, value: float) -> None:
    original, notes = understand(photo(tmp_path, gamma(value), values=np.ascontiguousarray(RGB[..., 0])))
    assert notes == ()
    assert np.abs(original.photo - to_srgb(VALUES[..., :1] ** (1 / value))).max() < 0.012


@pytest.mark.parametrize("value", [1e-5, 0.02, 21474.0])
def test_a_gamma_of_no_photo_is_passed_over_and_said(tmp_path: Path, value: float) -> None:
    original, notes = understand(photo(tmp_path, gamma(value)))
    assert notes == (f"its gamma, {value:g}, is no photo's: taken for sRGB",)
    assert np.array_equal(original.photo, RGB / np.float32(255))


@pytest.mark.parametrize("values", [(0.33, 0.33) * 3, (0.0,) * 6, (*BT709[:4], 0.9, 0.9)])
def test_primaries_without_colours_between_them_refuse_no_photo(tmp_path: Path, values: tuple[float, ...]) -> None:
    assert understand(photo(tmp_path, primaries(values))).original.photo.shape == RGB.shape


@pytest.mark.parametrize("numbers", [(9, 16, 0, 1), (9, 18, 0, 1), (1, 13, 1, 1), (1, 13, 0, 0), (77, 13, 0, 1)])
def test_what_is_high_in_range_or_no_rgb_is_refused(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match=r"a\.png: its colours are (HDR|coded as).*: convert it to sRGB"):
        understand(photo(tmp_path, coded(*numbers)))
