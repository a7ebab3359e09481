"""Photos are decoded once, however many steps take them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.prepared import FOLDER, Prepared, Room, read_reduced
from pipeline.images import reading
from pipeline.images.reading import understand
from pipeline.run import run_dataset
from pipeline.settings.config import Config
from pipeline.store import hash_cache
from stages.settings import OneStage, Stylize


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """How often each file has been decoded; all files are old enough to be remembered."""
    counts, now, read = Counter[Path](), hash_cache.time.time_ns, reading.read_raster
    monkeypatch.setattr(hash_cache.time, "time_ns", lambda: now() + 2 * hash_cache.TICK_NS)
    monkeypatch.setattr(reading, "read_raster", lambda path: (counts.update([path]), read(path))[1])
    return counts


def photo(path: Path, seed: int, mode: str = "RGB") -> Path:
    values = np.random.default_rng(seed).integers(0, 256, (60, 80, len(mode)), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values, mode).save(path)
    return path


@pytest.mark.usefixtures("vgg16")
@pytest.mark.parametrize("size", [48, "native"])
def test_a_first_run_through_all_steps_decodes_a_photo_at_most_twice(
    tmp_path: Path, size: int | str, decoded: Counter[Path]
) -> None:
    """Masks are found, both methods made, scored and shown; one more time is for the photo at its own size."""
    both = [photo(tmp_path / "trip" / "hill" / f"{side}.png", seed) for seed, side in enumerate(("content", "style"))]
    config = Config(
        size=size,  # type: ignore[arg-type]
        encoder="vgg16",
        device="cpu",
        stylize=Stylize(sizes=(32,), evaluations=(2,)),
        onestage=OneStage(evaluations=1),
    )
    summary = run_dataset(tmp_path / "trip", tmp_path / "out", config)
    assert summary.failures == ()
    assert summary.done == (8 if size == 48 else 9)  # six or seven steps, the table, the report
    assert max(decoded[path] for path in both) == 2
    assert not list((tmp_path / "out").rglob(FOLDER))


def test_what_is_kept_is_what_was_read_and_an_edited_photo_is_read_anew(tmp_path: Path, decoded: Counter[Path]) -> None:
    path = photo(tmp_path / "photo.png", 0, "RGBA")
    alone = read_reduced(path, 40, None, understand, whole=True)
    kept = Prepared(tmp_path / FOLDER, Room(tmp_path))
    first, second = (read_reduced(path, 40, kept, understand, whole=True) for _ in range(2))
    assert decoded[path] == 2
    for reduced in (first, second):
        assert np.array_equal(reduced.photo, alone.photo)
        assert alone.alpha is not None
        assert reduced.alpha is not None
        assert np.array_equal(reduced.alpha, alone.alpha)
        assert reduced[2:] == alone[2:]
    photo(path, 1, "RGBA")
    assert not np.array_equal(read_reduced(path, 40, kept, understand).photo, alone.photo)


def test_what_is_spoilt_or_has_no_room_is_read_from_the_photo(tmp_path: Path, decoded: Counter[Path]) -> None:
    path, prepared = photo(tmp_path / "photo.png", 0), Prepared(tmp_path / FOLDER, Room(tmp_path))
    before = read_reduced(path, 40, prepared, understand).photo
    (kept,) = prepared.folder.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:300])
    assert np.array_equal(read_reduced(path, 40, Prepared(prepared.folder), understand).photo, before)
    assert decoded[path] == 2
    kept.unlink()
    assert prepared.room is not None
    for room, files in ((before.nbytes - 1, 0), (before.nbytes, 1)):
        prepared.room.left = room
        assert np.array_equal(read_reduced(path, 40, prepared, understand).photo, before)
        assert len(list(prepared.folder.iterdir())) == files
    assert prepared.room.left == 0
