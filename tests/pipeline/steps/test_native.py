"""`--size native` from end to end: the two-stage result at the content's own size, of every kind of file."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.cli.main import main
from pipeline.images.encoding import encode_tiff
from pipeline.images.reading import read_original
from pipeline.images.sizes import shrink
from pipeline.settings import config
from pipeline.store.manifest import read_manifest

WORKING = 60
HEIGHT, WIDTH = 100, 150
RNG = np.random.default_rng(11)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "WORKING_SIZE", WORKING)


def scenery() -> np.ndarray:
    """A ramp with a bright half and grain: HEIGHT x WIDTH x 3 in [0, 1]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    image = np.stack([x / WIDTH, y / HEIGHT, 0.5 + 0 * x], axis=2) * 0.5 + 0.1 * RNG.random((HEIGHT, WIDTH, 3))
    image[: HEIGHT // 2] += 0.3
    return image


def look(photo: np.ndarray) -> np.ndarray:
    """What stage one might have made of it: warmer, paler, and a photograph, which stage two leaves as it is.

    The map is symmetric and positive, as the anchor's are, and the style photo is of the same colours: then the anchor
    is this picture too. Stage two, which keeps near the anchor, would make another one of channels that change places.
    """
    mixed = np.array([[0.7, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.5]])
    return np.clip(photo @ mixed + [0.15, 0.1, 0.05], 0, 1)


class Workplace:
    """A dataset of one pair whose stage one is done, by hand."""

    def __init__(self, root: Path) -> None:
        self.dataset, self.results = root / "trip", root / "out"
        self.pair = self.results / "trip" / "beach"
        (self.dataset / "beach").mkdir(parents=True)
        (self.pair / "stylize").mkdir(parents=True)

    def content(self, name: str, data: bytes) -> Path:
        for old in (self.dataset / "beach").glob("content.*"):
            old.unlink()
        path = self.dataset / "beach" / name
        path.write_bytes(data)
        photo = read_original(path).photo
        (self.dataset / "beach" / "style.png").write_bytes(png(levels(look(photo)[:, ::-1], 16)))
        small = shrink(photo, WORKING)
        (self.pair / "stylize" / "image.tiff").write_bytes(encode_tiff(look(small)))
        return path

    def run(self, command: str = "smooth", *options: str) -> int:
        return main([command, str(self.dataset), "--results", str(self.results), "--size", "native", *options])

    def result(self) -> np.ndarray:
        return imagecodecs.png_decode((self.pair / "native" / "image.png").read_bytes())


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def png(values: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(values))


def levels(image: np.ndarray, bits: int = 8) -> np.ndarray:
    return np.rint(image * (2**bits - 1)).astype({8: np.uint8, 16: np.uint16}[bits])


def test_the_result_has_the_photo_s_size_and_detail(workplace: Workplace) -> None:
    photo = scenery()
    workplace.content("content.png", png(levels(photo)))
    assert workplace.run() == 0
    result = workplace.result()
    assert (result.shape, result.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert np.abs(result / 255 - look(photo)).mean() < 0.02
    manifest = read_manifest(workplace.pair / "native")
    assert manifest is not None
    assert manifest.recipe.inputs.keys() == {"content", "content at its own size", "two-stage image"}
    assert manifest.facts["size"] == f"{WIDTH}x{HEIGHT}"
    assert manifest.facts["made_from"] == "colour maps of 60x40"


def test_only_what_changed_is_made_again(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    photo = scenery()
    path = workplace.content("content.png", png(levels(photo)))
    assert workplace.run() == 0
    assert workplace.run() == 0
    assert "Nothing to do: all 2 results" in capsys.readouterr().err
    (workplace.pair / "native" / "image.png").unlink()
    assert workplace.run() == 0
    assert "1 made, 1 current" in capsys.readouterr().err
    assert workplace.run("smooth", "--smooth.lambda", "0.01") == 0
    assert "native: " in (err := capsys.readouterr().err)
    assert "two-stage image changed" in err
    path.write_bytes(png(levels(photo, 16)))  # the same to the eye, but not to 8 bits
    assert workplace.run("status") == 0
    assert "beach native: stale: content changed, content at its own size changed" in capsys.readouterr().out
    small = main(["status", str(workplace.dataset), "--results", str(workplace.results)])
    assert small == 0
    assert "native" not in capsys.readouterr().out


def test_a_photo_no_larger_than_the_working_size_is_the_smoothed_image(workplace: Workplace) -> None:
    workplace.content("content.png", png(levels(scenery()[:40, :60], 16)))
    assert workplace.run() == 0
    smoothed = imagecodecs.png_decode((workplace.pair / "smooth" / "image16.png").read_bytes())
    assert np.array_equal(workplace.result(), smoothed)
    manifest = read_manifest(workplace.pair / "native")
    assert manifest is not None
    assert manifest.facts["made_from"] == "the two-stage image as it is"


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_16_bits_stay_16_bits(workplace: Workplace, kind: str) -> None:
    shades = 0.4 + 0.01 * np.linspace(0, 1, WIDTH)[None, :, None] * np.ones((HEIGHT, 1, 3))  # 3 levels of 8 bits
    values = levels(shades, 16)
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="rgb")
    workplace.content(f"content.{kind}", png(values) if kind == "png" else file.getvalue())
    assert workplace.run() == 0
    result = workplace.result()
    assert result.dtype == np.uint16
    assert len(np.unique(result[HEIGHT // 2, :, 0])) > 100
    assert np.abs(result / 65535 - look(shades)).max() < 2e-4
    with Image.open(workplace.pair / "native" / "image.png") as image:
        assert image.info["srgb"] == 0


def test_the_content_s_alpha_comes_out_as_it_went_in(workplace: Workplace) -> None:
    alpha = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    alpha[20:80, 20:120], alpha[40:60, 40:90] = 255, 77
    values = levels(scenery())
    values[alpha[..., 0] == 0] = (255, 0, 255)  # as some programs leave it: a colour that nobody sees
    workplace.content("content.png", png(np.concatenate([values, alpha], axis=2)))
    assert workplace.run() == 0
    result = workplace.result()
    assert np.array_equal(result[..., 3:], alpha)
    inside = result[..., :3][alpha[..., 0] > 0] / 255
    assert np.abs(inside - look(scenery())[alpha[..., 0] > 0]).mean() < 0.05
    assert result[..., 1].min() > 20  # no magenta: what is not seen is like what is
    smoothed = imagecodecs.png_decode((workplace.pair / "smooth" / "image.png").read_bytes())
    assert smoothed.shape == (40, 60, 4)
    assert smoothed[0, 0, 3] == 0
    assert smoothed[20, 40, 3] in range(70, 256)


@pytest.mark.parametrize("kind", ["grey", "palette", "turned"])
def test_other_kinds_come_out_as_upright_srgb(workplace: Workplace, kind: str) -> None:
    image, options = Image.fromarray(levels(scenery())), {}
    if kind == "turned":
        options["exif"] = Image.Exif()
        options["exif"][274] = 6
    image = {"grey": image.convert("L"), "palette": image.quantize(200)}.get(kind, image)
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    path = workplace.content("content.png", file.getvalue())
    assert workplace.run() == 0
    shown = read_original(path).photo
    assert shown.shape == ((WIDTH, HEIGHT, 3) if kind == "turned" else (HEIGHT, WIDTH, 3))
    assert workplace.result().shape == shown.shape
    assert np.abs(workplace.result() / 255 - look(shown)).mean() < 0.02


def test_several_lambdas_are_not_for_native_size(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    workplace.content("content.png", png(levels(scenery())))
    assert workplace.run("smooth", "--smooth.lambda", "1,0.1") == 2
    assert "size native takes one lambda" in capsys.readouterr().err


def test_without_a_two_stage_image_there_is_none(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    workplace.content("content.png", png(levels(scenery())))
    (workplace.pair / "stylize" / "image.tiff").unlink()
    assert workplace.run() == 1
    err = capsys.readouterr().err
    assert "there is no stage-one image" in err
    assert "0 made, 0 current, 1 failed" in err
    assert not (workplace.pair / "native").exists()
