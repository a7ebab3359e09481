from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.reading import read_photo
from pipeline.looks.look_file import Look, read_look
from stages.look.table import apply_table
from tests.pipeline.scenes import save_photo


def test_a_look_is_found_from_a_photo_and_what_was_made_of_it(
    look: Look, gradient: np.ndarray, tmp_path: Path, capsys
) -> None:
    content, result, path = tmp_path / "photo.png", tmp_path / "made.png", tmp_path / "found.look"
    save_photo(content, gradient, bits=16)
    save_photo(result, apply_table(look.table, gradient), bits=16)
    assert main(["look", "fit", str(content), str(result), "-o", str(path)]) == 0
    assert "Delta E 2000 0." in capsys.readouterr().err
    found = read_look(path)
    off = np.abs(apply_table(found.table, read_photo(content)) - read_photo(result))
    assert off.mean() < 1 / 255
    assert found.record["unheld"]["mean"] < 0.5
    assert main(["look", "export", str(path), "-o", str(tmp_path / "x.cube")]) == 0
    assert "Delta E 2000 0." in capsys.readouterr().err, "said again where it is handed on"


def test_a_result_of_another_shape_is_refused(gradient: np.ndarray, tmp_path: Path, capsys) -> None:
    save_photo(tmp_path / "photo.png", gradient)
    save_photo(tmp_path / "made.png", gradient[:, :100])
    words = ["look", "fit", str(tmp_path / "photo.png"), str(tmp_path / "made.png"), "-o", str(tmp_path / "x.look")]
    assert main(words) == 1
    assert "give what was made of that photo" in capsys.readouterr().err
    assert not (tmp_path / "x.look").exists()


@pytest.mark.parametrize("name", ["x.jpg", "x.PNG", "x.cube"])
def test_a_look_has_no_name_of_another_kind(tmp_path: Path, name: str, capsys) -> None:
    assert main(["look", "fit", "a.jpg", "b.jpg", "-o", str(tmp_path / name)]) == 1
    assert main(["look", "make", "a.jpg", "--style", "b.jpg", "-o", str(tmp_path / name)]) == 1
    assert capsys.readouterr().err.count(f"{name}: a look is neither a picture nor a .cube: give a name ending in") == 2


@pytest.mark.parametrize("over", ["photo", "made"])
def test_a_look_never_goes_over_what_it_is_found_in(gradient: np.ndarray, tmp_path: Path, over: str, capsys) -> None:
    for name in ("photo", "made"):
        save_photo(tmp_path / "x.png", gradient)
        (tmp_path / "x.png").rename(tmp_path / name)
    before = (tmp_path / over).read_bytes()
    words = ["look", "fit", tmp_path / "photo", tmp_path / "made", "-o", tmp_path / over, "--force"]
    assert main([*map(str, words)]) == 1
    assert "is read by this command" in capsys.readouterr().err
    assert (tmp_path / over).read_bytes() == before
