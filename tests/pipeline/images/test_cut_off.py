"""Photos whose end is missing: what hardly touches a pixel is made up and said, what touches more is refused."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.images.raster import MOST_MADE_UP, ImageError
from pipeline.images.reading import read_photo, understand
from tests.pipeline.images.image_files import saved

SHAPE = HEIGHT, WIDTH = 400, 300
SCENE = Image.fromarray(
    (np.random.default_rng(4).integers(0, 60, (*SHAPE, 3)) + np.linspace(0, 190, HEIGHT)[:, None, None]).astype(
        np.uint8
    )
)
ENDS = {"no end": b"", "an end marker": b"\xff\xd9", "zeros": bytes(4000), "half a marker": b"\xff"}
JPEGS = {
    "plain": {},
    "fine": {"quality": 97, "subsampling": 0},
    "grey": {},
    "restarting at each row": {"restart_marker_rows": 1},
    "restarting often": {"restart_marker_blocks": 3},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True},
}


def jpeg(name: str) -> bytes:
    image = SCENE.convert("L") if name == "grey" else SCENE
    return saved(image, "JPEG", **{"quality": 90} | JPEGS[name])


def put(folder: Path, data: bytes) -> Path:
    (folder / "photo").write_bytes(data)
    return folder / "photo"


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_jpeg_that_lacks_much_is_refused_whatever_its_end(tmp_path: Path, name: str, end: str, kept: float) -> None:
    whole = jpeg(name)
    path = put(tmp_path, whole[: int(kept * len(whole))] + ENDS[end])
    with pytest.raises(ImageError, match=r"photo: damaged: cut off: \d+% of its pixels are missing: open it"):
        read_photo(path)


@pytest.mark.parametrize("name", sorted(JPEGS.keys() - {"progressive"}))
@pytest.mark.parametrize("end", ENDS)
def test_a_jpeg_that_lacks_its_last_pixels_is_read_and_that_is_said(tmp_path: Path, name: str, end: str) -> None:
    whole = jpeg(name)
    expected = read_photo(put(tmp_path, whole))
    (photo, *_), notes = understand(put(tmp_path, whole[:-150] + ENDS[end]))
    assert len(notes) == 1
    lost = int(re.fullmatch(r"cut off: its last (\d+) of 120000 pixels are made up", notes[0])[1])
    assert 0 < lost < MOST_MADE_UP * WIDTH * HEIGHT
    differs = (photo != expected).any(axis=2)
    assert np.count_nonzero(differs) < 1.25 * lost  # colours are coded coarsely, and reach a row further
    assert not differs[: HEIGHT - 17].any()
    assert np.abs(photo - expected)[differs].mean() < 0.15  # by what is beside it, not by a grey


def test_a_progressive_jpeg_that_lacks_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"cut off: (under )?\d+% of its pixels are missing"):
        read_photo(put(tmp_path, jpeg("progressive")[:-150]))


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("end", [b"", b"\xff", b"\xff\xd9", b"\xff\xd9" + bytes(5000), b"\xff\xd9" + jpeg("plain")])
def test_a_whole_jpeg_is_read_without_a_word_whatever_its_end(tmp_path: Path, name: str, end: bytes) -> None:
    whole = jpeg(name)
    (photo, *_), notes = understand(put(tmp_path, whole.removesuffix(b"\xff\xd9") + end))
    assert notes == ()
    with Image.open(io.BytesIO(whole)) as image:
        assert np.array_equal(photo, np.asarray(image.convert("RGB")) / np.float32(255))


def test_jpegs_of_flat_areas_are_whole(tmp_path: Path) -> None:
    """Whose pixels may end in zeros."""
    for level in (0, 128, 255):
        flat = saved(Image.new("RGB", (900, 700), (level,) * 3), "JPEG", optimize=True)
        for data in (flat, flat[:-2]):
            assert understand(put(tmp_path, data)).notes == ()


def test_a_png_that_lacks_its_last_rows_repeats_the_one_above(tmp_path: Path) -> None:
    for image in (SCENE, SCENE.convert("L"), SCENE.quantize(9)):
        whole = saved(image, "PNG")
        cut = whole[:-30]
        expected = read_photo(put(tmp_path, whole))
        (photo, *_), notes = understand(put(tmp_path, cut))
        lost = int(re.fullmatch(r"cut off: its last (\d+) of 120000 pixels are made up", notes[0])[1]) // WIDTH
        assert 0 < lost <= 4
        assert np.array_equal(photo[:-lost], expected[:-lost])
        assert np.array_equal(photo[-lost:], np.repeat(expected[-lost - 1 : -lost], lost, axis=0))


def test_a_webp_whose_metadata_or_size_is_cut_is_whole(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 500
    whole = saved(SCENE, "WEBP", exif=exif)
    expected = read_photo(put(tmp_path, whole))
    for data in (
        whole[:-300],
        whole[:4] + bytes(4) + whole[8:],
        whole[:4] + b"\xff" * 4 + whole[8:],
        whole + b"junk" * 9,
    ):
        (photo, *_), notes = understand(put(tmp_path, data))
        assert notes == ()
        assert np.array_equal(photo, expected)
    with pytest.raises(ImageError, match=r"cut off: \d+ bytes of its pixels are missing"):
        read_photo(put(tmp_path, saved(SCENE, "WEBP")[:-300]))


def test_an_animation_that_lacks_later_frames_is_read(tmp_path: Path) -> None:
    frames = [SCENE.rotate(angle) for angle in (3, 9)]
    whole = saved(SCENE, "WEBP", save_all=True, append_images=frames)
    expected, said = understand(put(tmp_path, whole))
    assert said == ("animated, of 3 frames: the first is taken",)
    read, notes = understand(put(tmp_path, whole[:-500]))
    assert notes == ("animated, of 2 frames: the first is taken",)
    assert np.array_equal(read.photo, expected.photo)
