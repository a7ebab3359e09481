from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.actions.photos import styles_of
from pipeline.cli.main import main
from pipeline.images.reading import read_photo
from pipeline.looks.look_file import read_look
from pipeline.looks.making import AVERAGE, MOST_PHOTOS, SPREAD, average_photo, lay_out, without_height
from pipeline.settings.config import ConfigError
from stages.colour.light import find_gradient
from stages.colour.oklab import to_oklab
from stages.look.table import apply_table, identity, mixed
from tests.pipeline.scenes import save_photo, scenery


@pytest.mark.parametrize("count", [2, 3, 5, 7, 37])
def test_each_photo_has_its_place_and_there_are_no_gaps(count: int) -> None:
    greys = np.linspace(0.1, 1, count)
    layout = lay_out((np.full((200, 300, 3), grey, np.float32) for grey in greys), count, 240)
    assert max(layout.shape) == 240
    values, areas = np.unique(layout[..., 0].round(4), return_counts=True)
    np.testing.assert_allclose(values, greys, atol=1e-4)
    assert areas.max() < 2.1 * areas.min()


def test_the_average_photograph_has_every_light_and_no_cast() -> None:
    colours = to_oklab(average_photo()).reshape(-1, 3)
    np.testing.assert_allclose(colours.mean(axis=0), AVERAGE, atol=0.01)
    np.testing.assert_allclose(colours.std(axis=0), SPREAD, atol=0.02)


def test_a_look_from_one_bright_photo_leaves_a_dark_one_something_to_see(scenes: Path, tmp_path: Path) -> None:
    grey = np.linspace(0, 1, 120)[:, None, None] * np.ones((120, 160, 3), np.float32)
    save_photo(tmp_path / "bright.png", 0.6 + 0.35 * grey)
    save_photo(tmp_path / "dusk.png", 0.7 * grey**2)
    words = ["look", "make", tmp_path / "bright.png", "--style", tmp_path / "dusk.png", "-o", tmp_path / "x.look"]
    assert main([*map(str, words)]) == 0
    dark = apply_table(read_look(tmp_path / "x.look").table, np.float32([[0.1] * 3, [0.2] * 3, [0.35] * 3, [0.5] * 3]))
    assert (np.diff(dark.mean(axis=1)) > 0.01).all(), dark


def test_a_style_s_light_from_top_to_bottom_is_no_matter_of_a_look(scenes: Path, tmp_path: Path) -> None:
    style = np.linspace(0.9, 0.1, 120)[:, None, None] * np.ones((120, 160, 3)) * [1, 0.8, 0.6]
    turned = without_height(style.astype(np.float32))
    np.testing.assert_array_equal(np.sort(turned, axis=None), np.sort(style.astype(np.float32), axis=None))
    rows = np.arange(120).repeat(160)
    assert find_gradient(style.reshape(-1, 3), rows).explained > 0.9
    assert find_gradient(turned.reshape(-1, 3), rows).explained < 0.1
    save_photo(tmp_path / "style.png", style.astype(np.float32), bits=16)
    assert make(scenes, "--style", tmp_path / "style.png", "-o", tmp_path / "x.look") == 0
    assert read_look(tmp_path / "x.look").record["unheld"]["mean"] < 1


def test_shares_of_styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shares(*words: str) -> list[tuple[str, float]]:
        return [(str(style.photo), pytest.approx(style.share)) for style in styles_of(words)]

    assert shares("a.jpg") == [("a.jpg", 1)]
    assert shares("a.jpg", "b.jpg:0.3") == [("a.jpg", 0.7), ("b.jpg", 0.3)]
    assert shares("a.jpg", "b.jpg", "c.jpg:.5") == [("a.jpg", 0.25), ("b.jpg", 0.25), ("c.jpg", 0.5)]
    assert shares("a.jpg:0.2", "b.jpg:0.6") == [("a.jpg", 0.25), ("b.jpg", 0.75)]
    monkeypatch.chdir(tmp_path)
    Path("10:30").touch()
    assert shares("10:30") == [("10:30", 1)]
    assert shares("C:photo.jpg") == [("C:photo.jpg", 1)]
    for wrong in (("a.jpg:0",), ("a.jpg:1.5",), ("a.jpg:0.6", "b.jpg:0.5", "c.jpg"), ("a.jpg:-1",), ("a.jpg:nan",)):
        with pytest.raises(ConfigError):
            styles_of(wrong)


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    folder = tmp_path / "scenes"
    folder.mkdir()
    for seed in range(3):
        scenery(60, 90, seed).save(folder / f"{seed}.png")
    return folder


def make(*words: object) -> int:
    return main(["look", "make", *map(str, words), "--size", "96"])


def test_a_look_has_the_style_s_colours(scenes: Path, tmp_path: Path, capsys) -> None:
    style = np.random.default_rng(9).random((50, 60, 3)) * [0.2, 0.3, 0.4] + [0.5, 0.3, 0.1]
    save_photo(tmp_path / "style.png", style.astype(np.float32), bits=16)
    look = tmp_path / "x.look"
    assert make(scenes, "--style", tmp_path / "style.png", "-o", look) == 0
    assert "Delta E 2000" in capsys.readouterr().err
    made = read_look(look)
    pixels = np.concatenate([read_photo(path).reshape(-1, 3) for path in sorted(scenes.iterdir())])
    looked = apply_table(made.table, pixels)
    np.testing.assert_allclose(looked.mean(axis=0), style.mean(axis=(0, 1)), atol=0.03)
    assert made.record["photos"] == ["0.png", "1.png", "2.png"]
    assert make(scenes, "--style", tmp_path / "style.png", "-o", look) == 0
    assert "Nothing to do" in capsys.readouterr().err


def test_two_styles_are_mixed_by_their_shares(scenes: Path, tmp_path: Path) -> None:
    tables = {}
    for name, grey in (("dark", 0.2), ("light", 0.7)):
        save_photo(tmp_path / f"{name}.png", (grey + 0.2 * read_photo(scenes / "0.png")).astype(np.float32), bits=16)
        assert make(scenes, "--style", tmp_path / f"{name}.png", "-o", tmp_path / f"{name}.look") == 0
        tables[name] = read_look(tmp_path / f"{name}.look").table
    styles = (tmp_path / "dark.png", f"{tmp_path / 'light.png'}:0.3")
    assert make(scenes, "--style", styles[0], "--style", styles[1], "-o", tmp_path / "both.look") == 0
    both = read_look(tmp_path / "both.look")
    assert both.record["styles"] == {"dark.png": pytest.approx(0.7), "light.png": pytest.approx(0.3)}
    pixels = read_photo(scenes / "1.png").reshape(-1, 3)
    expected = apply_table(mixed([tables["dark"], tables["light"]], [0.7, 0.3]), pixels)
    np.testing.assert_allclose(apply_table(both.table, pixels), expected, atol=0.01)


def test_a_photo_that_can_t_be_read_is_left_out_and_named_by_each_run(scenes: Path, tmp_path: Path, capsys) -> None:
    scenery(50, 60, 9).save(tmp_path / "style.png")
    assert make(scenes, "--style", tmp_path / "style.png", "-o", tmp_path / "sound.look") == 0
    (scenes / "3.png").write_bytes(b"no photo")
    look, words = tmp_path / "x.look", (scenes, tmp_path / "missing.png", "--style", tmp_path / "style.png")
    for counts in ("1 made, 0 current, 2 failed", "0 made, 1 current, 2 failed"):
        capsys.readouterr()
        assert make(*words, "-o", look) == 1
        told = capsys.readouterr().err
        assert counts in told
        assert "failed: 3.png: " in told
        assert f"failed: missing.png: {tmp_path / 'missing.png'}: there is no such file" in told
    made, sound = read_look(look), read_look(tmp_path / "sound.look")
    assert made.digest() == sound.digest()
    assert made.record["photos"] == sound.record["photos"] == ["0.png", "1.png", "2.png"]
    (scenes / "3.png").unlink()
    assert make(scenes, "--style", tmp_path / "style.png", "-o", look) == 0


def test_what_leaves_nothing_to_learn_from_ends_it(scenes: Path, tmp_path: Path, capsys) -> None:
    look, bad = tmp_path / "x.look", tmp_path / "bad.png"
    bad.write_bytes(b"no photo")
    scenery(8, 9, 0).save(tmp_path / "tiny.png")
    for words, code, told in (
        ((scenes, "--style", tmp_path / "missing.png"), 2, f"the style {tmp_path / 'missing.png'}: there is no such"),
        ((scenes, "--style", bad), 1, f"style {bad}: of another kind"),
        ((scenes, "--style", tmp_path / "tiny.png"), 1, f"style {tmp_path / 'tiny.png'}: 9x8 becomes 9x8: no edge"),
        ((bad, "--style", scenes / "0.png"), 1, f"none of the photos can be read:\n{bad}: of another kind"),
        ((tmp_path / "missing", "--style", scenes / "0.png"), 2, "missing: there is no such file"),
        ((look.parent / "empty", "--style", scenes / "0.png"), 2, "holds no photo"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        assert make(*words, "-o", look) == code
        assert told in capsys.readouterr().err
        assert not look.exists()


@pytest.mark.parametrize("over", ["scenes/scene", "style", "tiny.toml"])
def test_a_look_never_goes_over_what_it_is_made_of(scenes: Path, tmp_path: Path, over: str, capsys) -> None:
    scenery(50, 60, 9).save(tmp_path / "style", "png")
    (scenes / "1.png").rename(scenes / "scene")
    (tmp_path / "tiny.toml").write_text("strength = 0.9")
    before = (tmp_path / over).read_bytes()
    words = ("--style", tmp_path / "style", "--config", tmp_path / "tiny.toml", "-o", tmp_path / over, "--force")
    assert make(scenes, scenes / "scene", *words) == 1
    assert "is read by this command" in capsys.readouterr().err
    assert (tmp_path / over).read_bytes() == before


def test_of_very_many_photos_some_are_taken(tmp_path: Path, capsys) -> None:
    for number in range(MOST_PHOTOS + 4):
        save_photo(tmp_path / f"{number:02}.png", np.full((40, 40, 3), number / 50, np.float32))
    assert make(tmp_path, "--style", tmp_path / "00.png", "-o", tmp_path / "x.look") == 0
    assert f"{MOST_PHOTOS} of the {MOST_PHOTOS + 4} photos are taken" in capsys.readouterr().err
    assert len(read_look(tmp_path / "x.look").record["photos"]) == MOST_PHOTOS
    assert read_look(tmp_path / "x.look").table.shape == identity().shape
