"""Photos in the look of others, by the command line, as drafts: whose regions and network are the dataset's matter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main
from pipeline.images.reading import read_original, read_photo
from pipeline.images.sizes import shrink
from pipeline.store.cache import cache_folder
from pipeline.store.files import hash_bytes, lock
from pipeline.transfer.solving import cached_results, tidy
from stages.segment import Regions
from stages.smooth import find_anchor
from tests.pipeline.scenes import TINY, mask, save_photo, scenery


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, with the weights that are there."""
    weights = list(cache_folder().glob("*.safetensors"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache_folder().mkdir(parents=True)
    for file in weights:
        (cache_folder() / file.name).symlink_to(file)
    return tmp_path / "cache"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three, a style and masks."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.jpg", "c.tif")):
        scenery(96, 128, seed).save(folder / name)
    scenery(80, 100, 7).save(tmp_path / "style.png")
    mask(96, 128).save(tmp_path / "mask.png")
    mask(80, 100).save(tmp_path / "style_mask.png")
    return folder


def transfer(*words: object) -> int:
    return main(["transfer", *map(str, words), "--draft"])


def test_two_photos_one_command(photos: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "new" / "out.png"
    assert transfer(photos / "a.png", tmp_path / "style.png", "-o", output) == 0
    assert f"s; the result is {output}" in capsys.readouterr().err
    expected = find_anchor(read_photo(photos / "a.png"), read_photo(tmp_path / "style.png"))
    assert np.abs(read_photo(output) - expected).max() <= 0.51 / 255
    assert transfer(photos / "a.png", tmp_path / "style.png", "-o", output) == 0
    assert f"Nothing to do: {output} is current" in capsys.readouterr().err


def test_masks_strength_and_size(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.tif"
    masks = ("--mask", tmp_path / "mask.png", tmp_path / "style_mask.png")
    pair = (photos / "a.png", tmp_path / "style.png", "-o", output)
    assert transfer(*pair, *masks, "--strength", "0.5", "--size", "64") == 0
    content, style = shrink(read_photo(photos / "a.png"), 64), shrink(read_photo(tmp_path / "style.png"), 64)
    halves = [np.arange(photo.shape[0])[:, None] // (photo.shape[0] // 2) for photo in (content, style)]
    labels = [np.broadcast_to(half, photo.shape[:2]) for half, photo in zip(halves, (content, style), strict=True)]
    expected = (content + find_anchor(content, style, Regions(*labels, 2))) / 2
    assert np.abs(read_photo(output) - expected).mean() < 1 / 255


def test_a_large_photo_s_result_is_as_large(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photo = np.kron(rng.random((30, 50, 3)), np.ones((32, 32, 1))).astype(np.float32)
    save_photo(tmp_path / "large.png", photo, bits=16)
    save_photo(tmp_path / "style.png", photo[::-1, :, ::-1] ** 2)
    assert transfer(tmp_path / "large.png", tmp_path / "style.png", "-o", tmp_path / "out.png") == 0
    made = read_original(tmp_path / "out.png")
    assert made.photo.shape == photo.shape
    assert made.bits == 16
    small = find_anchor(shrink(photo, 700), shrink(read_photo(tmp_path / "style.png"), 700))
    assert np.abs(shrink(made.photo, 700) - small).mean() < 0.01


def test_one_look_for_many(photos: Path, tmp_path: Path, capsys) -> None:
    (photos / "d.png").write_bytes(b"no photo")
    words = (photos, "--style", tmp_path / "style.png", "--to", tmp_path / "out")
    assert transfer(*words) == 1
    told = capsys.readouterr().err
    assert "3 made, 0 current, 1 failed" in told
    assert "failed: d.png" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.jpg", "c.tif"]
    (photos / "d.png").unlink()
    (tmp_path / "out" / "b.jpg").unlink()
    assert transfer(*words) == 0
    assert "1 made, 2 current, 0 failed" in capsys.readouterr().err
    assert transfer(*words, "--strength", "0.8") == 0
    assert "3 made" in capsys.readouterr().err


def test_kind_of_the_files(photos: Path, tmp_path: Path) -> None:
    words = (photos, "--style", tmp_path / "style.png", "--to", tmp_path / "out", "--kind", "png", "--bits", "16")
    assert transfer(*words) == 0
    assert {path.name: read_original(path).bits for path in (tmp_path / "out").iterdir()} == {
        "a.png": 16,
        "b.png": 16,
        "c.png": 16,
    }


def test_the_user_s_files_stay(photos: Path, tmp_path: Path, capsys) -> None:
    before = {path: path.read_bytes() for path in photos.iterdir()}
    assert transfer(photos, "--style", tmp_path / "style.png", "--to", photos) == 1
    assert capsys.readouterr().err.count("is read by this command") == 3
    assert transfer(photos / "a.png", tmp_path / "style.png", "-o", photos / "b.jpg") == 1
    assert "is not ours" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in photos.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.jpg"], "give two photos"),
        (["a.jpg", "--style", ".", "-o", "x.jpg"], "is a folder"),
        (["a.jpg", "b.jpg", "c.jpg", "-o", "x.jpg"], "give two photos"),
        (["a.jpg", "b.jpg"], "give --output FILE for one result"),
        (["a.jpg", "b.jpg", "-o", "x.jpg", "--to", "out"], "give --output FILE for one result"),
        (["a.jpg", "b.jpg", "-o", "x.gif"], "ending in"),
        (["a.jpg", "b.jpg", "--to", "x.jpg"], "--to x.jpg has the name of a file: give a folder, or --output x.jpg"),
        (
            ["a.jpg", "--style", "b.jpg", "-o", "x.jpg", "--style", "c.jpg"],
            "--style is given twice, with b.jpg and c.jpg",
        ),
        (["a.jpg", "b.jpg", "-o", "x.jpg", "--output=y.jpg"], "--output is given twice, with x.jpg and y.jpg"),
        (["a.jpg", "b.jpg", "-o", "x.jpg", "--kind", "png"], "--kind png and --output x.jpg contradict each other"),
        (["a.jpg", "b.jpg", "--style", "c.jpg", "-o", "x.jpg"], "--output is for one photo"),
        (["a.jpg", "b.jpg", "-o", "x.jpg", "--mask", "m.png"], "--mask wants two"),
        (["a.jpg", "b.jpg", "--style", "c.jpg", "--to", "out", "--mask", "m.png", "n.png"], "--mask wants two"),
    ],
)
def test_what_does_not_go_together_is_told_at_once(words: list[str], said: str, capsys) -> None:
    assert transfer(*words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("over", ["photos/a.png", "style.png", "mask.png", "style_mask.png"])
def test_a_result_never_goes_over_what_it_is_made_of(photos: Path, tmp_path: Path, over: str, capsys) -> None:
    before, masks = (tmp_path / over).read_bytes(), (tmp_path / "mask.png", tmp_path / "style_mask.png")
    words = ("-o", tmp_path / over, "--mask", *masks, "--force")
    assert transfer(photos / "a.png", tmp_path / "style.png", *words) == 1
    assert "is read by this command" in capsys.readouterr().err
    assert (tmp_path / over).read_bytes() == before


def test_a_style_in_the_results_folder_stays(photos: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "out").mkdir()
    style = tmp_path / "out" / "a.png"
    shutil.move(tmp_path / "style.png", style)
    before = style.read_bytes()
    assert transfer(photos, "--style", style, "--to", style.parent, "--force") == 1
    assert "2 made, 0 current, 1 failed" in capsys.readouterr().err
    assert style.read_bytes() == before
    assert sorted(path.name for path in style.parent.iterdir()) == ["a.png", "b.jpg", "c.tif"]


def test_photos_of_one_name_have_results_of_their_own(photos: Path, tmp_path: Path, capsys) -> None:
    other = tmp_path / "other" / "a.png"
    other.parent.mkdir()
    scenery(50, 60, 9).save(other)
    before = other.read_bytes()
    words = (photos / "a.png", other, "--style", tmp_path / "style.png", "--to", other.parent)
    assert transfer(*words) == 0
    assert "2 results would have another's name" in capsys.readouterr().err
    assert sorted(path.name for path in other.parent.iterdir()) == ["a.png", "other_a.png", "photos_a.png"]
    assert [read_photo(other.parent / f"{each}_a.png").shape for each in ("other", "photos")] == [
        (50, 60, 3),
        (96, 128, 3),
    ]
    assert other.read_bytes() == before


def test_what_is_not_there_is_told(photos: Path, tmp_path: Path, capsys) -> None:
    assert transfer(photos / "missing.jpg", tmp_path / "style.png", "-o", tmp_path / "x.jpg") == 1
    assert "missing.jpg" in capsys.readouterr().err
    (tmp_path / "empty.jpg").touch()
    assert transfer(photos / "a.png", tmp_path / "empty.jpg", "-o", tmp_path / "x.jpg") == 1
    assert f"style {tmp_path / 'empty.jpg'}: an empty file" in capsys.readouterr().err
    assert not (tmp_path / "x.jpg").exists()
    nowhere = tmp_path / "nowhere.jpg"
    assert transfer(photos, "--style", nowhere, "--to", tmp_path / "out") == 2
    assert f"photostyle: the style {nowhere}: there is no such file: check its name\n" == capsys.readouterr().err
    masks = (tmp_path / "mask.png", nowhere)
    assert transfer(photos / "a.png", tmp_path / "style.png", "-o", tmp_path / "x.jpg", "--mask", *masks) == 2
    assert f"the mask {nowhere}: there is no such file" in capsys.readouterr().err
    assert transfer(photos, nowhere, "--style", tmp_path / "style.png", "--to", tmp_path / "out") == 1
    assert f"failed: nowhere.jpg: {nowhere}: there is no such file" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_draft_never_imports_torch(photos: Path, tmp_path: Path) -> None:
    words = ["transfer", str(photos / "a.png"), str(tmp_path / "style.png"), "-o", str(tmp_path / "x.jpg"), "--draft"]
    code = f"import sys; from pipeline.cli.main import main; sys.exit(main({words!r}) or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_a_place_with_a_name_of_bytes(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / os.fsdecode(b"\xff") / os.fsdecode(b"\xe9.png")
    code = "import sys; from pipeline.cli.main import main; sys.exit(main(sys.argv[1:]) or main(sys.argv[1:]))"
    words = ["transfer", photos / "a.png", tmp_path / "style.png", "-o", output, "--draft"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], timeout=120, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert b"1 made, 0 current, 0 failed" in done.stderr
    assert b"Nothing to do" in done.stderr
    assert read_photo(output).shape == (96, 128, 3)


def test_two_at_once_for_one_place_are_told_of_that(photos: Path, tmp_path: Path, capsys, vgg16) -> None:
    out = tmp_path / "out"
    of_place = cached_results() / f"out-{hash_bytes(os.fsencode(out))}"
    words = ["transfer", photos / "a.png", tmp_path / "style.png", "--to", out, "--masks", "none"]
    with lock(of_place):
        assert main([*map(str, words)]) == 1
    assert f"photostyle: {out}: another command makes results for it: wait for that" in capsys.readouterr().err


def test_transparency_stays(tmp_path: Path, photos: Path) -> None:
    photo = np.dstack([np.asarray(scenery(96, 128, 3)), np.full((96, 128), 255, np.uint8)])
    photo[:20, :, 3] = 0
    Image.fromarray(photo).save(tmp_path / "t.png")
    assert transfer(tmp_path / "t.png", tmp_path / "style.png", "-o", tmp_path / "out.png") == 0
    alpha = read_original(tmp_path / "out.png").alpha
    assert alpha is not None
    np.testing.assert_array_equal(alpha * 255, photo[..., 3])
    assert transfer(tmp_path / "t.png", tmp_path / "style.png", "-o", tmp_path / "out.jpg") == 1


def test_both_stages(photos: Path, tmp_path: Path, cache: Path, vgg16, capsys) -> None:
    """By a dataset in the cache. The same command does nothing a second time, with or without what lies there."""
    (tmp_path / "tiny.toml").write_text(TINY.replace("size = 48", 'masks = "none"'))
    words = ["transfer", str(photos), "--style", str(tmp_path / "style.png"), "--to", str(tmp_path / "out")]
    words += ["--config", str(tmp_path / "tiny.toml")]
    assert main(words) == 0
    assert "3 made, 0 current, 0 failed" in capsys.readouterr().err
    assert read_photo(tmp_path / "out" / "a.png").shape == (96, 128, 3)
    (solved,) = cache.rglob("a.png/smooth/image.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "out" / "a.png"), read_photo(solved))
    assert main(words) == 0
    assert "all 3 results" in capsys.readouterr().err
    shutil.rmtree(cache / "photostyle" / "results")
    assert main(words) == 0
    assert "all 3 results" in capsys.readouterr().err


def test_the_oldest_results_leave_the_cache_when_it_is_full() -> None:
    folders = [cached_results() / name for name in ("one/old", "one/new", "two/at work", "two/newest")]
    for age, folder in enumerate(reversed(folders)):
        folder.mkdir(parents=True)
        (folder / "image.tiff").write_bytes(bytes(1000))
        os.utime(folder / "image.tiff", (10**9 - age,) * 2)
    tidy(10**6)
    assert all(folder.exists() for folder in folders)
    with lock(cached_results() / "two"):
        tidy(1500)
    assert [folder.exists() for folder in folders] == [False, False, True, True]
