"""Reading photos and masks: each kind of file gives back the values it was made of, or is refused with its reason."""

import io
import os
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.images import raster
from pipeline.images.containers.exif import ORIENTATION
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_original, read_photo, understand
from pipeline.images.sizes import shrink, working_shape

RNG = np.random.default_rng(7)
RGB8 = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
RGB16 = RNG.integers(0, 65536, (6, 9, 3), dtype=np.uint16)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def png(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def test_reads_8_and_16_bit_png_to_the_last_bit(tmp_path: Path) -> None:
    for values in (RGB8, RGB16):
        photo = read_photo(put(tmp_path / "a.png", imagecodecs.png_encode(values)))
        assert photo.dtype == np.float32
        assert np.array_equal(np.rint(photo.astype(np.float64) * np.iinfo(values.dtype).max), values)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_reads_tiff_of_every_depth_and_plane_order(tmp_path: Path, dtype: type, planar: str) -> None:
    values = RGB16.astype(np.float32) / 65535 if dtype is np.float32 else (RGB16 >> (8 if dtype is np.uint8 else 0))
    values = values.astype(dtype)
    stored = values if planar == "contig" else np.moveaxis(values, -1, 0)
    photo = read_photo(put(tmp_path / "a.tif", tiff(stored, photometric="rgb", planarconfig=planar)))
    full = 1 if dtype is np.float32 else np.iinfo(dtype).max
    assert np.array_equal(photo, values.astype(np.float32) / np.float32(full))


def test_the_first_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    assert np.array_equal(read_photo(put(tmp_path / "a.jpg", encode_tiff(RGB8 / 255))), (RGB8 / 255).astype(np.float32))


def test_grey_palette_and_one_bit_are_expanded(tmp_path: Path) -> None:
    grey = Image.fromarray(RGB8[..., 0])
    assert np.array_equal(
        read_photo(put(tmp_path / "l.png", png(grey))), np.repeat(RGB8[..., :1], 3, 2) / np.float32(255)
    )
    palette = Image.fromarray(RGB8).quantize(5)
    expected = np.asarray(palette.convert("RGB")) / np.float32(255)
    assert np.array_equal(read_photo(put(tmp_path / "p.png", png(palette))), expected)
    one_bit = grey.convert("1")
    assert np.array_equal(read_photo(put(tmp_path / "1.png", png(one_bit)))[..., 1], np.asarray(one_bit))
    white_is_zero = tiff(RGB8[..., 0], photometric="miniswhite")
    assert np.allclose(read_photo(put(tmp_path / "w.tif", white_is_zero))[..., 2], 1 - RGB8[..., 0] / 255, atol=1e-6)


def test_transparency_is_kept_apart_and_only_where_there_is_some(tmp_path: Path) -> None:
    alpha = np.full((6, 9, 1), 51, np.uint8)
    original = read_original(put(tmp_path / "a.png", imagecodecs.png_encode(np.concatenate([RGB8, alpha], 2))))
    assert original.alpha is not None
    assert np.allclose(original.alpha, 0.2)
    assert np.array_equal(original.photo, RGB8 / np.float32(255))
    opaque = np.concatenate([RGB16, np.full((6, 9, 1), 65535, np.uint16)], 2)
    original = read_original(put(tmp_path / "o.png", imagecodecs.png_encode(opaque)))
    assert (original.alpha, original.bits) == (None, 16)
    key = read_original(put(tmp_path / "k.png", png(Image.fromarray(RGB8), transparency=tuple(map(int, RGB8[2, 3])))))
    assert key.alpha is not None
    assert key.alpha[2, 3] == 0
    assert key.alpha.mean() > 0.9
    grey = np.stack([RGB16[..., 0], np.full((6, 9), 6553, np.uint16)], axis=2)
    original = read_original(put(tmp_path / "g.png", imagecodecs.png_encode(grey)))
    assert original.alpha is not None
    assert np.allclose(original.alpha, 0.1, atol=1e-4)
    assert np.array_equal(original.photo[..., 2], RGB16[..., 0] / np.float32(65535))


def test_tiff_s_fourth_channel_is_what_the_file_says(tmp_path: Path) -> None:
    half = np.full((6, 9, 1), 32768, np.uint16)
    stored = {
        "unassalpha": np.concatenate([RGB16, half], 2),
        "assocalpha": np.concatenate([np.rint(RGB16 * (32768 / 65535)).astype(np.uint16), half], 2),
        "unspecified": np.concatenate([RGB16, half], 2),
    }
    for meaning, values in stored.items():
        path = put(tmp_path / "a.tif", tiff(values, photometric="rgb", extrasamples=meaning))
        original = read_original(path)
        assert (original.alpha is None) == (meaning == "unspecified")
        assert np.abs(original.photo - RGB16 / 65535).max() < 2e-5


def test_palette_and_ycbcr_tiff_are_as_pillow_wrote_them(tmp_path: Path) -> None:
    palette = Image.fromarray(RGB8).quantize(5)
    palette.save(tmp_path / "p.tif")
    assert np.array_equal(np.rint(read_photo(tmp_path / "p.tif") * 255), np.asarray(palette.convert("RGB")))
    flat = Image.new("RGB", (16, 16), (200, 90, 30))
    flat.save(tmp_path / "y.tif", compression="jpeg", quality=95)
    assert np.abs(read_photo(tmp_path / "y.tif") * 255 - (200, 90, 30)).max() < 3


@pytest.mark.parametrize("code", range(1, 9))
def test_applies_every_exif_orientation(tmp_path: Path, code: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = code
    path = put(tmp_path / "a.png", png(Image.fromarray(RGB8), exif=exif))
    with Image.open(path) as image:
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(np.rint(read_photo(path) * 255), expected)


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG with a chunk after its header."""
    whole = imagecodecs.png_encode(RGB8)
    return (
        whole[:33]
        + struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        + whole[33:]
    )


def gif() -> bytes:
    file = io.BytesIO()
    Image.fromarray(RGB8).save(file, "GIF")
    return file.getvalue()


NAN = np.where(RGB8 > 250, np.nan, RGB8 / 255).astype(np.float32)
NAN[0, 0, 0] = np.nan


def outside_palette(count: int) -> bytes:
    """A PNG of 40 x 40 whose palette has one colour, and so many pixels another number."""
    numbers = np.zeros((40, 40), np.uint8)
    numbers.flat[100 : 100 + count] = 7
    image = Image.fromarray(numbers)
    image.putpalette([9, 90, 180] * 8)
    data = png(image)
    at = data.index(b"PLTE")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    content = data[at + 4 : at + 7]
    short = struct.pack(">I", 3) + b"PLTE" + content + struct.pack(">I", zlib.crc32(b"PLTE" + content))
    return data[: at - 4] + short + data[at + 8 + length :]


def test_few_pixels_without_a_colour_in_the_palette_take_that_around_them(tmp_path: Path) -> None:
    original, notes = understand(put(tmp_path / "a.png", outside_palette(9)))
    assert notes == ("9 of 1600 pixels have no colour in its palette: taken for what is around",)
    assert np.unique(original.photo.reshape(-1, 3), axis=0).tolist() == [(np.float32([9, 90, 180]) / 255).tolist()]


RGB_PNG = imagecodecs.png_encode(RGB8)
REFUSED = {
    "empty": (b"", "an empty file"),
    "text": (b"not an image at all", "only JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files"),
    "gif": (gif(), "only JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files"),
    "truncated png": (imagecodecs.png_encode(RGB16)[:-80], "damaged"),
    "truncated jpeg": (jpeg(Image.fromarray(RGB8))[:300], "damaged"),
    "truncated tiff": (tiff(RGB8, photometric="rgb")[:-60], "damaged"),
    "outside of its palette": (outside_palette(99), "99 of 1600 pixels have no colour in its palette: open it"),
    "an iPhone's own": (
        RGB_PNG[:8]
        + struct.pack(">I", 4)
        + b"CgBI"
        + bytes(4)
        + struct.pack(">I", zlib.crc32(b"CgBI" + bytes(4)))
        + RGB_PNG[8:],
        "of a kind of its own .PNG with CgBI.: save it as plain PNG",
    ),
    "header only": (imagecodecs.png_encode(RGB8)[:33], "damaged"),
    "cmyk jpeg": (jpeg(Image.new("CMYK", (8, 8))), "CMYK, without a profile that says which inks: convert it to sRGB"),
    "cmyk tiff": (tiff(np.zeros((8, 8, 4), np.uint8), photometric="separated"), "CMYK, without a profile"),
    "hdr png": (with_chunk(b"cICP", bytes([9, 16, 0, 1])), "colours are HDR .PQ."),
    "wholly transparent": (imagecodecs.png_encode(np.zeros((8, 8, 4), np.uint8)), "wholly transparent"),
    "ycbcr tiff": (tiff(RGB8, photometric="ycbcr"), "YCbCr outside of JPEG"),
    "lab tiff": (tiff(RGB8, photometric="cielab"), "CIELAB"),
    "five channels of grey": (
        tiff(np.zeros((8, 8, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
        "5 channels, none of which",
    ),
    "nan": (tiff(NAN, photometric="rgb"), "NaN or infinite"),
    "out of range": (tiff(np.full((8, 8, 3), 1.5, np.float32), photometric="rgb"), "outside .0, 1.: clip them"),
    "signed": (tiff(np.zeros((8, 8, 3), np.int16), photometric="rgb"), "int16"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_with_the_file_and_the_reason(tmp_path: Path, name: str) -> None:
    data, reason = REFUSED[name]
    path = put(tmp_path / "photo.png", data)
    with pytest.raises(ImageError, match=reason) as error:
        read_photo(path)
    assert str(path) in str(error.value)


def test_refuses_what_is_not_there_and_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageError, match="No such file"):
        read_photo(tmp_path / "none.png")
    monkeypatch.setattr(raster, "MAX_PIXELS", 50)
    for data in (png(Image.fromarray(RGB8)), jpeg(Image.fromarray(RGB8)), encode_tiff(RGB8 / 255)):
        with pytest.raises(ImageError, match="9x6: more than"):
            read_photo(put(tmp_path / "a", data))


def test_what_this_user_may_not_read_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.png", png(Image.fromarray(RGB8)))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything, as root does")
    with pytest.raises(ImageError, match="Permission denied"):
        read_photo(path)


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"P5 "])
)
def test_noise_is_refused_and_never_anything_worse(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, magic: bytes
) -> None:
    path = put(tmp_path_factory.mktemp("noise") / "a.png", magic + noise)
    with pytest.raises(ImageError):
        read_photo(path)


@given(st.tuples(st.integers(1, 5000), st.integers(1, 5000)), st.integers(1, 2000))
def test_working_shape_never_enlarges_and_keeps_the_proportions(shape: tuple[int, int], size: int) -> None:
    height, width = working_shape(shape, size)
    if max(shape) <= size:
        assert (height, width) == shape
    else:
        assert max(height, width) == size
        for new, old in zip((height, width), shape, strict=True):
            assert abs(new - old * size / max(shape)) <= 0.5 or new == 1


def test_shrinking_removes_what_the_small_image_cannot_hold() -> None:
    checkerboard = np.indices((200, 300)).sum(0) % 2
    photo = np.repeat(checkerboard[..., None], 3, 2).astype(np.float32)
    small = shrink(photo, 100)
    assert small.shape == (67, 100, 3)
    assert np.abs(small[5:-5, 5:-5] - 0.5).max() < 0.05
    assert shrink(photo, 300) is photo


def test_encoded_images_read_back_at_their_depth(tmp_path: Path) -> None:
    image = RNG.random((5, 8, 3), dtype=np.float32)
    assert np.array_equal(read_photo(put(tmp_path / "a.tiff", encode_tiff(image))), image)
    for bits in (8, 16):
        data = encode_png(image, bits)
        assert np.abs(read_photo(put(tmp_path / "a.png", data)) - image).max() <= 0.5001 / (2**bits - 1)
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            assert opened.info["srgb"] == 0
    overshooting = np.array([[[-0.2, 0.5, 1.3]]])
    assert read_photo(put(tmp_path / "a.png", encode_png(overshooting, 8)))[0, 0].tolist() == [
        0,
        pytest.approx(128 / 255),
        1,
    ]


@pytest.mark.parametrize(("mode", "bits"), [("RGB", 8), ("RGB", 16), ("RGBA", 8), ("L", 8)])
def test_levels_are_the_file_s_where_they_are_those_of_srgb(tmp_path: Path, mode: str, bits: int) -> None:
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    stored = np.random.default_rng(3).integers(0, 2**bits, (9, 12, channels)).astype(f"uint{bits}")
    path = put(tmp_path / "a.png", bytes(imagecodecs.png_encode(stored.squeeze())))
    read = understand(path, as_levels=True).original
    assert (read.photo.dtype == stored.dtype) == (mode == "RGB")
    photo = read.photo if read.photo.dtype == np.float32 else read.photo / np.float32(2**bits - 1)
    np.testing.assert_array_equal(photo, read_photo(path))
