"""Hundreds of harmless oddities, none of which refuses a photo; and hundreds of harmful ones, each with its reason."""

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo, understand
from tests.pipeline.images import oddities
from tests.pipeline.images.image_files import PHOTO, png, saved, tiff

TIMES = 12
SOUND = {
    "PNG": png(),
    "JPEG": saved(PHOTO, "JPEG", quality=90),
    "TIFF": tiff(metadata=None),
    "WEBP": saved(PHOTO, "WEBP"),
}
HARMLESS = [
    (kind, name, oddity)
    for kind, table in (
        ("PNG", oddities.PNG),
        ("JPEG", oddities.JPEG),
        ("TIFF", oddities.TIFF),
        ("TIFF", oddities.FLOATS),
        ("WEBP", oddities.WEBP),
    )
    for name, oddity in table.items()
]


def seeded(name: str, time: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()), time])


@pytest.mark.parametrize(("kind", "name", "oddity"), HARMLESS, ids=[f"{kind}: {name}" for kind, name, _ in HARMLESS])
def test_what_touches_no_pixel_refuses_no_photo(
    tmp_path: Path, kind: str, name: str, oddity: oddities.Oddity, capfd: pytest.CaptureFixture[str]
) -> None:
    sound = tmp_path / "sound"
    sound.write_bytes(SOUND[kind])
    expected = read_photo(sound)
    for time in range(TIMES):
        path = tmp_path / f"odd{time}"
        path.write_bytes(oddity.change(SOUND[kind], seeded(name, time)))
        original, notes = understand(path)
        assert np.abs(original.photo - expected).max() < 0.004 or "hair" in oddity.says
        assert original.alpha is None
        assert [oddity.says in note for note in notes] == ([True] if oddity.says else [])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", oddities.HARMFUL)
def test_what_is_harmful_is_refused_with_its_reason(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    kind, oddity = oddities.HARMFUL[name]
    for time in range(2 * TIMES):
        path = tmp_path / f"harmful{time}"
        path.write_bytes(oddity.change(SOUND[kind], seeded(name, time)))
        with pytest.raises(ImageError) as error:
            read_photo(path)
        told = str(error.value)
        assert told.startswith(f"{path}: ")
        assert re.search(oddity.says, told)
        assert re.search(": (open it|save it|convert it|make it|give them|clip them)|editor", told)
    assert capfd.readouterr() == ("", "")


def test_there_are_hundreds_of_both() -> None:
    assert len(HARMLESS) * TIMES > 300
    assert len(oddities.HARMFUL) * 2 * TIMES > 300
