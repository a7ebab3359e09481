"""Photos whose bytes were changed at random: read, or refused, and nothing else."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from pipeline.images import raster
from pipeline.images.raster import ImageError
from pipeline.images.reading import understand
from pipeline.images.saving import encode_photo
from tests.pipeline.images.image_files import PHOTO, RGB, png, png_with, saved, tiff
from tests.pipeline.images.test_heif import file_of

VALID = [
    png(),
    png_with(b"iCCP", b"sRGB\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())),
    png(RGB.astype(np.uint16)),
    saved(PHOTO.quantize(7), "PNG"),
    saved(PHOTO, "JPEG"),
    saved(PHOTO, "JPEG", progressive=True),
    tiff(),
    tiff(RGB / np.float32(255), compression="zlib", predictor=True),
    tiff(tile=(16, 16), compression="lzw"),
    tiff(bigtiff=True, byteorder=">"),
    saved(PHOTO, "TIFF", compression="jpeg"),
    b"P5\n48 40\n255\n" + RGB[..., 0].tobytes(),
    file_of("HEIF"),
    file_of("AVIF"),
]


@settings(max_examples=600)
@given(st.data())
def test_a_mutated_photo_is_an_image_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes changed, most often in the headers; or the end cut off."""
    mutated = bytearray(data.draw(st.sampled_from(VALID)))
    del mutated[data.draw(st.one_of(st.just(len(mutated)), st.integers(0, len(mutated)))) :]
    for _ in range(data.draw(st.integers(0, 5)) if mutated else 0):
        at = data.draw(st.one_of(st.integers(0, min(300, len(mutated)) - 1), st.integers(0, len(mutated) - 1)))
        mutated[at] = data.draw(st.one_of(st.sampled_from([0, 1, 127, 128, 255]), st.integers(0, 255)))
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(mutated)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(raster, "MAX_PIXELS", 1_000_000)  # for the time it takes
        try:
            (photo, alpha, bits, kept, *_), notes = understand(path)
        except ImageError:
            return
    assert photo.dtype == np.float32
    assert photo.shape[2:] == (3,)
    assert photo.min() >= 0
    assert photo.max() <= 1  # nor NaN, which is neither
    assert alpha is None or (alpha.shape == photo.shape[:2] and 0 <= alpha.min() < 1)
    assert bits in (8, 16)
    assert all(note.isprintable() for note in notes)
    for ending in (".png", ".tif"):
        encode_photo(ending, photo, kept, alpha=alpha, bits=bits)
