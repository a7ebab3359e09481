"""The draft, and the strength of a result."""

import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.events.progress import Said
from pipeline.images.encoding import encode_png
from pipeline.images.reading import read_photo
from pipeline.run.dataset import run_dataset
from pipeline.settings.config import Config
from pipeline.steps.catalogue import steps_of


def photo(seed, height=60, width=80):
    y, x = np.mgrid[0:height, 0:width] / width
    rng = np.random.default_rng(seed)
    return (np.stack([x, y, (x + y) / 2], axis=2) * rng.uniform(0.4, 0.9, 3) + 0.05).clip(0, 1)


@pytest.fixture
def dataset(tmp_path):
    pair = tmp_path / "trip" / "beach"
    pair.mkdir(parents=True)
    (pair / "content.png").write_bytes(encode_png(photo(0), 8))
    (pair / "style.png").write_bytes(encode_png(photo(1), 8))
    return tmp_path / "trip"


def drafted(dataset, results, **settings):
    summary = run_dataset(dataset, results, Config(draft=True, masks="none", **settings))
    assert summary.failures == ()
    return read_photo(results / "trip" / "beach" / "draft" / "image.png")


def test_a_draft_has_the_styles_colours_and_nothing_else_is_made(dataset, tmp_path):
    image = drafted(dataset, tmp_path / "results")
    content, style = (read_photo(dataset / "beach" / f"{side}.png") for side in ("content", "style"))
    np.testing.assert_allclose(image.mean(axis=(0, 1)), style.mean(axis=(0, 1)), atol=0.03)
    assert np.abs(image.mean(axis=(0, 1)) - content.mean(axis=(0, 1))).max() > 0.05
    assert [folder.name for folder in (tmp_path / "results" / "trip" / "beach").iterdir() if folder.is_dir()] == [
        "draft"
    ]


def test_strength_goes_from_the_content_on(dataset, tmp_path):
    content = read_photo(dataset / "beach" / "content.png")
    whole, half, none, more = (
        drafted(dataset, tmp_path / f"{strength}", strength=strength) for strength in (1.0, 0.5, 0.0, 1.5)
    )
    np.testing.assert_allclose(none, content, atol=0.6 / 255)
    np.testing.assert_allclose(half, (content + whole) / 2, atol=1.1 / 255)
    assert np.abs(more - content).mean() > np.abs(whole - content).mean()


def test_another_strength_makes_a_draft_stale(dataset, tmp_path):
    drafted(dataset, tmp_path / "results")
    assert run_dataset(dataset, tmp_path / "results", Config(draft=True, masks="none")).done == 0
    assert run_dataset(dataset, tmp_path / "results", Config(draft=True, masks="none", strength=0.5)).done == 1


@pytest.mark.parametrize(("size", "notes"), [("native", 1), (64, 0)])
def test_a_draft_of_a_dataset_says_that_it_is_not_of_native_size(dataset, tmp_path, size, notes):
    said = []
    run_dataset(dataset, tmp_path / "results", Config(draft=True, masks="none", size=size), said.append)
    assert sum(isinstance(each, Said) and "drafts have the working size" in each.text for each in said) == notes


def test_status_takes_the_size_of_the_drafts(dataset, tmp_path, capsys):
    drafted(dataset, tmp_path / "results", size=64)
    assert main(["status", str(dataset), "--results", str(tmp_path / "results"), "--masks", "none", "--draft"]) == 0
    out, err = capsys.readouterr()
    assert out.split() == ["pair", "draft", "beach", "current"]
    assert "drafts" not in err
    assert main(["status", str(dataset), "--results", str(tmp_path / "results"), "--masks", "none"]) == 0
    assert f"note: there are drafts too: `photostyle status {dataset} --draft`" in capsys.readouterr().err


def test_status_tells_of_a_pair_whose_name_the_terminal_can_t_show(dataset, tmp_path):
    (dataset / "beach").rename(dataset / "\u65e5")
    argv = [sys.executable, "-m", "pipeline.cli.main", "status", str(dataset), "--results", str(tmp_path / "results")]
    told = subprocess.run(argv, capture_output=True, timeout=60, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert told.returncode == 0
    assert b"\n\\u65e5 " in told.stdout


def test_by_the_command_line(dataset, tmp_path):
    arguments = ["run", str(dataset), "--results", str(tmp_path / "results"), "--masks", "none", "--draft"]
    assert main([*arguments, "--strength", "0.8"]) == 0
    assert main([*arguments, "--strength", "2"]) == 2


def test_only_a_draft_has_the_step():
    assert [step.name for step in steps_of(Config(draft=True))] == ["segment", "draft"]
    assert "draft" not in [step.name for step in steps_of(Config())]
