"""HEIC and AVIF: colours, depth, orientation, transparency, EXIF and XMP; and what is refused."""

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from pipeline.images.formats.stated_colours import BT2020, D65, P3, profile_of
from pipeline.images.raster import ImageError
from pipeline.images.reading import understand

RAMP = np.dstack(np.meshgrid(np.linspace(40, 215, 64), np.linspace(60, 190, 48)))
RGB = np.rint(np.dstack([RAMP, 255 - RAMP[..., 0]])).astype(np.uint8)
"""48 x 64, soft."""
PHOTO = Image.fromarray(RGB)
KINDS = ("HEIF", "AVIF")
DISPLAY_P3 = profile_of(P3, D65, None)


def file_of(kind: str, image: Image.Image = PHOTO, *, orientation: int = 1, **options: object) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[274], exif[271] = orientation, "Maker"
    options = {"quality": 95, "exif": exif.tobytes(), "xmp": b"<x/>"} | options
    if kind == "AVIF":
        image.save(file, "AVIF", subsampling="4:4:4", **options)
    else:
        pillow_heif.from_pillow(image).save(file, chroma=444, **options)
    return file.getvalue()


@pytest.fixture
def put(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(data: bytes) -> Path:
        path = tmp_path / "photo"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_colours_and_which_way_is_up(put, kind: str, orientation: int) -> None:  # type: ignore[no-untyped-def]
    lying = file_of(kind, PHOTO, orientation=orientation)
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[274] = orientation
    PHOTO.save(turned, "PNG", exif=exif)
    wanted = understand(put(turned.getvalue())).original.photo
    original, notes = understand(put(lying))
    assert notes == ()
    assert original.photo.shape == wanted.shape
    assert np.abs(original.photo - wanted).mean() < 1.5 / 255
    assert b"Maker" in (original.kept.exif or b"")
    assert original.kept.xmp == b"<x/>"


@pytest.mark.parametrize("kind", KINDS)
def test_ten_bits_are_sixteen(put, kind: str) -> None:  # type: ignore[no-untyped-def]
    fine = np.rint(np.dstack([RAMP] * 2)[..., :3] / 255 * 1023).astype(np.uint16)
    if kind == "AVIF":
        data = imagecodecs.avif_encode(fine, bitspersample=10, level=100)
    else:
        file = io.BytesIO()
        pillow_heif.from_bytes("RGB;16", (64, 48), (fine << 6).tobytes()).save(file, quality=-1, chroma=444)
        data = file.getvalue()
    original = understand(put(data)).original
    assert original.bits == 16
    assert np.abs(original.photo - fine / 1023).max() < 3 / 1023


@pytest.mark.parametrize("kind", KINDS)
def test_transparency(put, kind: str) -> None:  # type: ignore[no-untyped-def]
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, 20:] = 255
    original = understand(put(file_of(kind, Image.fromarray(np.dstack([RGB, alpha]))))).original
    assert original.alpha is not None
    assert np.abs(original.alpha - alpha / 255).mean() < 0.02
    assert np.abs(original.photo - RGB / 255)[:, 22:].mean() < 2 / 255


@pytest.mark.parametrize("kind", KINDS)
def test_the_profile_is_used_and_kept(put, kind: str) -> None:  # type: ignore[no-untyped-def]
    original = understand(put(file_of(kind, icc_profile=DISPLAY_P3))).original
    assert original.kept.profile == DISPLAY_P3
    assert (original.photo - RGB / 255).max() > 0.02


def test_display_p3_is_what_it_says() -> None:
    """P3's pure red is far outside sRGB, its greys are sRGB's (the IEC 61966-2-1 curve, D65)."""
    srgb = bytes(imagecodecs.cms_profile("srgb"))
    colours = np.array([[[0.2] * 3, [0.7] * 3, [0.5, 0.4, 0.3]]], np.float32)
    moved = imagecodecs.cms_transform(
        colours, DISPLAY_P3, srgb, colorspace="rgb", outcolorspace="rgb", outdtype=np.float32
    )
    np.testing.assert_allclose(moved[0, :2], colours[0, :2], atol=2e-3)
    linear = np.array([0.5, 0.4, 0.3])
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    matrix = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]  # P3 to sRGB, CSS Color 4
    wanted = 1.055 * (np.array(matrix) @ linear) ** (1 / 2.4) - 0.055
    np.testing.assert_allclose(moved[0, 2], wanted, atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (9, 14), (9, 16), (9, 18), (4, 4)])
def test_colours_in_numbers(put, kind: str, primaries: int, transfer: int) -> None:  # type: ignore[no-untyped-def]
    data = bytearray(file_of(kind))
    struct.pack_into(">HH", data, data.index(b"colrnclx") + 8, primaries, transfer)
    known = {(12, 13): DISPLAY_P3, (9, 14): profile_of(BT2020, D65, None)}
    if (primaries, transfer) in known:
        assert understand(put(bytes(data))).original.kept.profile == known[primaries, transfer]
        return
    with pytest.raises(ImageError, match=r"photo: its colours are (HDR|coded).*: convert it to sRGB"):
        understand(put(bytes(data)))


@pytest.mark.parametrize("kind", KINDS)
def test_of_several_images_one_is_taken_and_told(put, kind: str) -> None:  # type: ignore[no-untyped-def]
    file, other = io.BytesIO(), PHOTO.transpose(Image.Transpose.ROTATE_180)
    if kind == "AVIF":
        PHOTO.save(file, "AVIF", save_all=True, append_images=[other], quality=90, subsampling="4:4:4")
    else:
        heif = pillow_heif.from_pillow(PHOTO)
        heif.add_from_pillow(other)
        heif.save(file, quality=90, chroma=444)
    original, notes = understand(put(file.getvalue()))
    assert notes == (
        ("animated, of 2 frames: the first is taken",)
        if kind == "AVIF"
        else ("holds 2 images: the primary one is taken",)
    )
    assert np.abs(original.photo - RGB / 255).mean() < 3 / 255


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5, 0.9])
def test_what_is_cut_off_is_refused(put, kind: str, share: float) -> None:  # type: ignore[no-untyped-def]
    data = file_of(kind)
    with pytest.raises(ImageError, match=r"photo: "):
        understand(put(data[: round(share * len(data))]))
