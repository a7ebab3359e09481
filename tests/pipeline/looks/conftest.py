"""A look and photos to apply it to."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.looks.look_file import Look, encode_look
from stages.look.table import identity
from tests.pipeline.scenes import save_photo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test knows of another's files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def look() -> Look:
    """Warmer and with more contrast, bent in all three directions."""
    red, green, blue = np.moveaxis(identity().astype(np.float64), -1, 0)
    bent = [red**0.8, 0.8 * green**1.3 + 0.1 * red, 0.9 * blue * (0.6 + 0.4 * green)]
    return Look(np.stack(bent, axis=-1).clip(0, 1).astype(np.float32), {"styles": {"dusk.jpg": 1.0}})


@pytest.fixture
def look_file(look: Look, tmp_path: Path) -> Path:
    path = tmp_path / "warm.look"
    path.write_bytes(encode_look(look))
    return path


@pytest.fixture
def gradient() -> np.ndarray:
    """All hues and all tones, (96, 144, 3) float32."""
    y, x = np.mgrid[0:96, 0:144] / np.array([[[96.0]], [[144.0]]])
    return np.stack([x, y, 0.5 + 0.5 * np.sin(9 * x + 7 * y)], axis=-1).astype(np.float32)


@pytest.fixture
def photos(tmp_path: Path, gradient: np.ndarray) -> Path:
    """A folder of four photos of four kinds, and one that is damaged."""
    folder = tmp_path / "photos"
    folder.mkdir()
    save_photo(folder / "a.jpg", gradient)
    save_photo(folder / "b.png", gradient, alpha=np.linspace(0, 1, 144, dtype=np.float32)[None].repeat(96, axis=0))
    save_photo(folder / "c.tif", gradient, bits=16)
    save_photo(folder / "d.png", gradient[::-1], bits=16)
    (folder / "e.jpg").write_bytes((folder / "a.jpg").read_bytes()[:700])
    return folder
