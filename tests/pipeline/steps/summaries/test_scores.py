import csv

import numpy as np
import pytest
from scipy import ndimage

from pipeline.compare.methods import CSV, SHEET, TABLE
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.reading import read_photo
from pipeline.networks.loaded import Network
from pipeline.run.dataset import run_dataset
from pipeline.settings.config import Config
from pipeline.steps.catalogue import COMPARISON
from pipeline.steps.summaries.scores import SCORES
from pipeline.steps.summaries.written import read_scores
from pipeline.store.manifest import Recipe, publish

CONFIG = Config(size=64, encoder="vgg16", device="cpu")
HEIGHT, WIDTH = 48, 64


pytestmark = pytest.mark.usefixtures("vgg16")


def photo(seed):
    """Soft blobs of colour that fill [0, 1] and are stored at 8 bits without loss."""
    noise = np.random.default_rng(seed).random((HEIGHT, WIDTH, 3))
    blobs = ndimage.gaussian_filter(noise, (3, 3, 0), mode="wrap")
    blobs = (blobs - blobs.min()) / np.ptp(blobs)
    return (np.round(blobs * 255) / 255).astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    """A dataset of two pairs without masks, and where its results go."""
    dataset, results = tmp_path / "views", tmp_path / "results" / "views"
    results.mkdir(parents=True)
    for seed, pair in enumerate(("hill", "lake")):
        (dataset / pair).mkdir(parents=True)
        (dataset / pair / "content.png").write_bytes(encode_png(photo(2 * seed), 8))
        (dataset / pair / "style.png").write_bytes(encode_png(photo(2 * seed + 1), 8))
    return dataset, results


def put(results, pair, stage, image, seconds=1.5):
    link = {"image.tiff": encode_tiff(image)} if stage == "stylize" else {}
    facts = {"seconds": seconds, "process_peak_mib": 321}
    publish(results / pair / stage, Recipe(stage, 1, {}, {}), {**link, "image.png": encode_png(image, 8)}, facts)


def compare(folders):
    return run_dataset(folders[0], folders[1].parent, CONFIG, steps=COMPARISON)


def scored(results):
    with open(results / CSV, newline="") as file:
        return {row["pair"] for row in csv.DictReader(file)}


def by_method(folders, pair):
    compare(folders)
    return {row.method: row for row in read_scores(folders[1] / pair).rows}


def test_known_images_get_their_known_scores(folders):
    dataset, results = folders
    content, style = photo(0), photo(1)
    put(results, "hill", "stylize", style, seconds=20.0)
    put(results, "hill", "smooth", content, seconds=0.5)
    (dataset / "hill" / "compare_style.png").write_bytes(encode_png(style, 8))
    rows = by_method(folders, "hill")
    assert list(rows) == ["content", "stage one", "two-stage", "compare_style"]
    assert rows["two-stage"].scores == rows["content"].scores
    assert rows["content"].scores.edge_ssim == pytest.approx(1.0)
    assert rows["content"].scores.affine_energy == pytest.approx(0.0, abs=1e-5)
    assert rows["stage one"].scores == rows["compare_style"].scores
    assert rows["stage one"].scores.style_distance == pytest.approx(0.0, abs=1e-6)
    assert rows["stage one"].scores.colour_distance == pytest.approx(0.0, abs=1e-6)
    assert rows["stage one"].scores.edge_ssim < 0.9
    assert rows["stage one"].scores.affine_energy > 1e-3
    assert rows["content"].scores.colour_distance > 0.005
    assert {name: row.seconds for name, row in rows.items()} == {
        "content": None,
        "stage one": 20.0,
        "two-stage": 0.5,
        "compare_style": None,
    }


def test_table_csv_and_contact_sheets_are_written(folders):
    results = folders[1]
    for pair in ("hill", "lake"):
        for stage in ("stylize", "smooth", "onestage"):
            put(results, pair, stage, photo(5))
    comparison = compare(folders)
    assert not read_scores(results / "hill").gaps
    with open(results / CSV, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["pair"] for row in rows] == ["hill"] * 4 + ["lake"] * 4 + ["mean of 2"] * 4
    assert rows[1]["process_peak_mib"] == "321"
    assert float(rows[-1]["edge_ssim"]) == pytest.approx(np.mean([float(rows[i]["edge_ssim"]) for i in (3, 7)]))
    assert "encoder of the style distance: vgg16" in comparison.table
    assert comparison.table in (results / TABLE).read_text("utf-8")
    sheet = read_photo(results / "lake" / SCORES.name / SHEET)
    assert sheet.shape[1] > 3 * WIDTH
    assert (sheet.reshape(-1, 3) == photo(5)[0, 0]).all(axis=1).sum() >= 3


def test_what_is_missing_is_said_and_the_rest_compared(folders):
    results = folders[1]
    put(results, "hill", "smooth", photo(4))
    put(results, "lake", "onestage", np.zeros((20, 20, 3), np.float32))
    comparison = compare(folders)
    assert scored(results) == {"hill", "mean of 1"}
    assert "stage one of hill, lake: not there: run `photostyle stylize`" in comparison.table
    assert "is 20x20 here, the content 64x48: give the --size it was made with" in comparison.table


def test_a_faulty_pair_does_not_stop_the_others(folders):
    dataset, results = folders
    (dataset / "hill" / "style.png").write_bytes(b"not an image")
    put(results, "hill", "smooth", photo(4))
    put(results, "lake", "smooth", photo(4))
    comparison = compare(folders)
    assert scored(results) == {"lake", "mean of 1"}
    assert "the pair of hill: " in comparison.table
    assert "style.png" in comparison.table


def test_regions_are_scored_one_by_one(folders):
    """A content whose halves are the style's halves swapped is far from it with masks, and equal to it without."""
    dataset, results = folders
    dark, light = photo(7) * np.float32(0.3), photo(8) * np.float32(0.3) + np.float32(0.7)
    left = np.arange(WIDTH)[:, None] < WIDTH // 2
    style, swapped = np.where(left, dark, light), np.where(left, np.roll(light, 32, 1), np.roll(dark, 32, 1))
    mask = np.where(left, [0, 0, 1.0], [0, 1.0, 0]) * np.ones((HEIGHT, 1, 1))
    put(results, "hill", "smooth", swapped)
    (dataset / "hill" / "content.png").write_bytes(encode_png(swapped, 8))
    (dataset / "hill" / "style.png").write_bytes(encode_png(style, 8))
    without = by_method(folders, "hill")["two-stage"]
    for side in ("content", "style"):
        (dataset / "hill" / f"{side}_mask.png").write_bytes(encode_png(mask, 8))
    with_masks = by_method(folders, "hill")["two-stage"]
    assert without.scores.colour_distance == pytest.approx(0.0, abs=1e-3)
    assert with_masks.scores.colour_distance > 0.2


def test_nothing_at_all_is_an_error_and_loads_no_encoder(folders, monkeypatch):
    monkeypatch.setattr(Network, "encoder", None)
    (failure,) = compare(folders).failures
    assert failure.what == "table"
    assert failure.reason.startswith("nothing to compare: run `photostyle run` first")
    assert not (folders[1] / CSV).exists()


def test_scores_are_current_until_an_image_changes(folders):
    put(folders[1], "hill", "smooth", photo(4))
    assert compare(folders).done == 6  # two pairs' scores and views, the table, the report
    again = compare(folders)
    assert (again.done, again.kept, again.new_table) == (0, 6, False)
    put(folders[1], "hill", "smooth", photo(5))
    again = compare(folders)
    assert (again.done, again.kept, again.new_table) == (4, 2, True)
