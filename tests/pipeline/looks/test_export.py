"""What other programs make of a look that was handed to them."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.encoding import encode_png
from pipeline.images.reading import read_photo
from pipeline.looks.export import encode_cube
from pipeline.looks.look_file import Look
from stages.look.table import apply_table, weakened


def program(*names: str) -> str:
    """The first of them that is installed."""
    found = next((name for name in names if shutil.which(name)), None)
    return found or pytest.skip(f"no {names[0]} here: on Debian, apt-get install ffmpeg imagemagick")


@pytest.fixture
def photo(gradient: np.ndarray, tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(gradient, 8))
    return path


def exported(look_file: Path, name: str, *more: str) -> Path:
    path = look_file.with_name(name)
    assert main(["look", "export", str(look_file), "-o", str(path), *more]) == 0
    return path


def off_by(look: Look, photo: Path, made: Path) -> float:
    """Levels of 255 in the mean."""
    return 255 * float(np.abs(read_photo(made) - apply_table(look.table, read_photo(photo))).mean())


def test_ffmpeg_gets_what_we_get_by_the_cube(look: Look, look_file: Path, photo: Path, tmp_path: Path) -> None:
    cube, made = exported(look_file, "warm.cube"), tmp_path / "made.png"
    quiet = [program("ffmpeg"), "-v", "error", "-i", str(photo)]
    subprocess.run([*quiet, "-vf", f"lut3d={cube}", "-pix_fmt", "rgb24", str(made)], check=True, timeout=60)
    assert off_by(look, photo, made) < 1


def test_imagemagick_gets_what_we_get_by_the_hald(look: Look, look_file: Path, photo: Path, tmp_path: Path) -> None:
    hald, made = exported(look_file, "warm.png"), tmp_path / "made.png"
    magick = program("magick", "convert")
    subprocess.run([magick, str(photo), str(hald), "-hald-clut", str(made)], check=True, timeout=60)
    assert off_by(look, photo, made) < 1


def test_the_cube_is_as_its_specification_has_it(look: Look, look_file: Path) -> None:
    """Adobe, Cube LUT Specification 1.0: title, size, and red fastest."""
    lines = exported(look_file, "warm.cube", "--strength", "0.5").read_text("ascii").splitlines()
    assert lines[:2] == ['TITLE "warm"', "LUT_3D_SIZE 33"]
    values = np.array([[float(word) for word in line.split(" ")] for line in lines[2:]])
    assert values.shape == (33**3, 3)
    half = weakened(look.table, 0.5)
    np.testing.assert_allclose(values[1], half[1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(values[33 * 33 * 2 + 33 * 3 + 5], half[5, 3, 2], atol=1e-6)


def test_titles_are_plain(look: Look) -> None:
    first = encode_cube(look.table, 'a "b"\n été' + "x" * 100).split(b"\n")[0]
    assert first.startswith(b'TITLE "a b')
    assert first.endswith(b'"')
    assert first.count(b'"') == 2
    assert len(first) < 80


def test_other_endings_are_refused(look_file: Path, tmp_path: Path, capsys) -> None:
    assert main(["look", "export", str(look_file), "-o", str(tmp_path / "warm.3dl")]) == 1
    assert "give a name ending in .cube" in capsys.readouterr().err


def test_a_look_is_never_written_over_by_what_is_made_of_it(look_file: Path, capsys) -> None:
    named_so = look_file.rename(look_file.with_suffix(".cube"))
    before = named_so.read_bytes()
    assert main(["look", "export", str(named_so), "-o", str(named_so), "--force"]) == 1
    assert "is read by this command" in capsys.readouterr().err
    assert named_so.read_bytes() == before
