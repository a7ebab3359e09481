from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from pipeline.cli.main import main
from pipeline.events.errors import NetworkError
from pipeline.images.photos import Kept
from pipeline.images.reading import read_original
from pipeline.looks.look_file import Look
from pipeline.networks.faces import load_face_weights
from stages.colour.oklab import to_oklab
from stages.look.table import apply_table, weakened
from tests.pipeline.scenes import save_photo

ARTIST = 0x013B


def apply(look_file: Path, photos: Path, to: Path, *more: str) -> int:
    return main(["look", "apply", str(look_file), str(photos), "--to", str(to), *more])


def test_a_folder_of_photos(look: Look, look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    assert apply(look_file, photos, tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "4 made, 0 current, 1 failed" in told
    assert "failed: e.jpg" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.png", "c.tif", "d.png"]
    for name, level in (("a.jpg", 3 / 255), ("b.png", 0.6 / 255), ("c.tif", 1e-5), ("d.png", 1e-5)):
        photo, made = read_original(photos / name), read_original(tmp_path / "out" / name)
        assert made.bits == photo.bits
        off = np.abs(made.photo - apply_table(look.table, photo.photo))
        assert (off if made.alpha is None else off[made.alpha > 0]).mean() <= level, name
    alphas = [read_original(folder / "b.png").alpha for folder in (photos, tmp_path / "out")]
    np.testing.assert_array_equal(*alphas)


def test_again_only_what_has_changed(look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    (photos / "e.jpg").unlink()
    assert apply(look_file, photos, out) == 0
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert apply(look_file, photos, out) == 0
    assert "Nothing to do: all 4 results" in capsys.readouterr().err
    (photos / "d.png").write_bytes((photos / "c.tif").read_bytes())
    (out / "a.jpg").unlink()
    assert apply(look_file, photos, out) == 0
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"a.jpg", "d.png"}
    assert apply(look_file, photos, out, "--strength", "0.5") == 0
    assert "4 made" in capsys.readouterr().err


def test_strength(look: Look, look_file: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "e.jpg").unlink()
    for strength in ("0", "0.5"):
        assert apply(look_file, photos, tmp_path / strength, "--strength", strength) == 0
    photo = read_original(photos / "d.png").photo
    np.testing.assert_allclose(read_original(tmp_path / "0" / "d.png").photo, photo, atol=1e-5)
    half = apply_table(weakened(look.table, 0.5), photo)
    np.testing.assert_allclose(read_original(tmp_path / "0.5" / "d.png").photo, half, atol=1e-5)


def test_the_same_colour_becomes_the_same_in_every_photo(look_file: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "e.jpg").unlink()
    apply(look_file, photos, tmp_path / "out")
    one, other = (read_original(tmp_path / "out" / name).photo for name in ("c.tif", "d.png"))
    np.testing.assert_array_equal(one, other[::-1])


def test_the_user_s_files_stay(look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    (photos / "e.jpg").unlink()
    assert apply(look_file, photos, photos) == 1
    told = capsys.readouterr().err
    assert "0 made, 0 current, 4 failed" in told
    assert told.count("\nfailed: ") == told.count("FAILED: ") == 4
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").write_bytes(b"mine")
    assert apply(look_file, photos, tmp_path / "out") == 1
    assert (tmp_path / "out" / "a.jpg").read_bytes() == b"mine"
    assert "3 made, 0 current, 1 failed" in capsys.readouterr().err


def test_what_is_no_look_ends_it(photos: Path, tmp_path: Path, capsys) -> None:
    assert apply(photos / "a.jpg", photos, tmp_path / "out") == 1
    assert "is no look" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_kind_bits_and_quality_of_the_files(look: Look, look_file: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "e.jpg").unlink()
    (photos / "d.png").unlink()
    assert apply(look_file, photos, tmp_path / "fine", "--kind", "tif", "--bits", "16") == 0
    assert sorted(path.name for path in (tmp_path / "fine").iterdir()) == ["a.tif", "b.tif", "c.tif"]
    photo, made = read_original(photos / "a.jpg"), read_original(tmp_path / "fine" / "a.tif")
    assert made.bits == 16
    np.testing.assert_allclose(made.photo, apply_table(look.table, photo.photo), atol=1e-5)
    for quality in ("30", "95"):
        assert apply(look_file, photos / "a.jpg", tmp_path / quality, "--quality", quality) == 0
    low, high = ((tmp_path / quality / "a.jpg").stat().st_size for quality in ("30", "95"))
    assert low < 0.7 * high


def test_what_the_photo_s_file_tells_is_kept_or_left_out(look_file: Path, gradient: np.ndarray, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "A. Photographer"
    save_photo(tmp_path / "a.jpg", gradient, Kept(exif=exif.tobytes()))
    apply(look_file, tmp_path / "a.jpg", tmp_path / "kept")
    apply(look_file, tmp_path / "a.jpg", tmp_path / "stripped", "--strip")
    for folder, told in (("kept", "A. Photographer"), ("stripped", None)):
        with Image.open(tmp_path / folder / "a.jpg") as made:
            assert made.getexif().get(ARTIST) == told


def test_the_skin_of_people_keeps_its_hue(look: Look, look_file: Path, tmp_path: Path, capsys) -> None:
    try:
        load_face_weights()
    except NetworkError as error:
        pytest.skip(f"MTCNN's weights can't be had here: {error}")
    save_photo(tmp_path / "a.png", skimage.data.astronaut()[:256, 100:356])
    plain, kept = (tmp_path / name for name in ("plain", "kept"))
    assert apply(look_file, tmp_path / "a.png", plain) == 0
    assert apply(look_file, tmp_path / "a.png", kept, "--protect", "skin=1") == 0
    assert "a.png: keeps the skin of 1 face" in capsys.readouterr().err
    photo, without, protected = (read_original(place / "a.png").photo for place in (tmp_path, plain, kept))
    face = (slice(80, 150), slice(95, 155))
    hues = [np.arctan2(*np.moveaxis(to_oklab(one[face])[..., 1:], -1, 0)) for one in (photo, without, protected)]
    assert np.median(np.abs(hues[2] - hues[0])) < 0.3 * np.median(np.abs(hues[1] - hues[0]))
    np.testing.assert_allclose(protected[:, 230:], without[:, 230:], atol=1.1 / 255)


def test_the_results_folder_has_no_photo_s_name(look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    assert apply(look_file, photos / "a.jpg", tmp_path / "x.jpg") == 2
    assert "x.jpg has the name of a file: give a folder" in capsys.readouterr().err
    (tmp_path / "x.jpg").mkdir()
    assert apply(look_file, photos / "a.jpg", tmp_path / "x.jpg") == 0


def test_photos_have_no_shots_with_looks_of_their_own(look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    assert apply(look_file, photos / "a.jpg", tmp_path / "out", "--cuts", str(look_file)) == 0
    assert "note: --cuts is for clips: photos get the first look" in capsys.readouterr().err


def test_neither_a_look_nor_a_photo_is_written_over(look_file: Path, photos: Path, tmp_path: Path, capsys) -> None:
    look = look_file.rename(photos / "x.jpg")
    before = {path: path.read_bytes() for path in photos.iterdir()}
    save_photo(tmp_path / "x.jpg", read_original(photos / "d.png").photo)
    words = ["look", "apply", look, photos / "d.png", tmp_path / "x.jpg", "--to", photos, "--force"]
    assert main([*map(str, words)]) == 1
    assert capsys.readouterr().err.count("FAILED") == 2
    assert {path: path.read_bytes() for path in photos.iterdir()} == before
