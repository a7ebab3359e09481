import csv

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import ndimage

from pipeline.cli.main import main
from pipeline.compare.methods import CompareError
from pipeline.compare.metrics import Scores
from pipeline.compare.score_table import Row
from pipeline.dataset.config import Config
from pipeline.dataset.layouts import open_dataset
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.photos import read_photo
from pipeline.steps.lambdas import IMAGE, lambda_folder
from pipeline.steps.network import Network
from pipeline.steps.sweep import CSV, LAMBDAS, Point, mean_points, sweep
from stages.settings import OneStage, Smooth

CONFIG = Config(size=48, encoder="vgg16", device="cpu", onestage=OneStage(evaluations=2, photorealism_weight=30.0))
WEIGHTS = [30.0, 300.0, 3000.0]


@pytest.fixture(scope="module")
def network():
    return Network(CONFIG)


def photo(seed):
    """Soft blobs of colour that fill [0, 1]."""
    blobs = ndimage.gaussian_filter(np.random.default_rng(seed).random((36, 48, 3)), (3, 3, 0), mode="wrap")
    return ((blobs - blobs.min()) / np.ptp(blobs)).astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    """Three pairs, the first two with a noisy stage-one image; the first has another method's result too."""
    dataset, results = tmp_path / "views", tmp_path / "results" / "views"
    for seed, pair in enumerate(("hill", "lake", "moor")):
        (dataset / pair).mkdir(parents=True)
        (dataset / pair / "content.png").write_bytes(encode_png(photo(2 * seed), 8))
        (dataset / pair / "style.png").write_bytes(encode_png(photo(2 * seed + 1), 8))
    for seed, pair in enumerate(("hill", "lake")):
        noise = np.random.default_rng(seed).normal(0, 0.2, (36, 48, 3)).astype(np.float32)
        (results / pair / "stylize").mkdir(parents=True)
        (results / pair / "stylize" / "image.tiff").write_bytes(encode_tiff(np.clip(photo(2 * seed) + noise, 0, 1)))
    (dataset / "hill" / "compare_other.png").write_bytes(encode_png(photo(9), 8))
    return dataset, results


def only(pair, dataset):
    return [one for one in dataset.pairs if one.name == pair]


def read(results):
    with open(results / CSV, newline="") as file:
        return list(csv.DictReader(file))


def curve(rows, pair, method, column):
    return [float(row[column]) for row in rows if (row["pair"], row["method"]) == (pair, method)]


def test_both_methods_are_swept_over_their_dials(folders, network):
    dataset, results = folders
    table, failures = sweep(open_dataset(dataset).pairs, results, CONFIG, network)
    rows = read(results)
    for pair in ("hill", "lake", "mean of 2"):
        assert curve(rows, pair, "two-stage", "value") == list(LAMBDAS)
        assert curve(rows, pair, "one-stage", "value") == pytest.approx(WEIGHTS)
    for pair in ("hill", "lake"):  # ||x - y|| falls as lambda grows, whatever the images, the anchor and mu
        stage_one = read_photo(results / pair / "stylize" / "image.tiff")
        images = [read_photo(lambda_folder(results / pair, lam) / IMAGE) for lam in LAMBDAS]
        distances = [float(np.linalg.norm(image - stage_one)) for image in images]
        assert distances == sorted(set(distances), reverse=True)
        energies = curve(rows, pair, "two-stage", "affine_energy")
        (distorted,) = curve(rows, pair, "stage one", "affine_energy")
        assert max(energies) < distorted
        assert max(energies[:-1]) < 0.2 * distorted  # the last lambda, 10, is meant to lead back there
    of_both = [curve(rows, pair, "two-stage", "style_distance") for pair in ("hill", "lake")]
    assert curve(rows, "mean of 2", "two-stage", "style_distance") == pytest.approx(np.mean(of_both, axis=0))
    assert [row["pair"] for row in rows if row["method"] == "compare_other"] == ["hill", "mean of 1"]
    assert "two-stage, lambda 0.01" in table
    assert "one-stage, photorealism_weight 3000" in table
    assert "one-stage: encoder: vgg16; start: stage-one image; evaluations: 2." in table
    assert "the sweep of moor: there is no stage-one image of this size: run `photostyle stylize` first" in table
    assert [failure.pair for failure in failures] == ["moor"]


def test_of_the_plain_smoothing_the_energy_grows_with_lambda(folders, network):
    """x^T L x does, whatever the image, up to the stage-one image's; an anchor has an energy of its own."""
    dataset, results = only("hill", open_dataset(folders[0])), folders[1]
    sweep(dataset, results, replace(CONFIG, smooth=Smooth(mu=0.0, anchor="none")), network)
    rows = read(results)
    energies = curve(rows, "hill", "two-stage", "affine_energy") + curve(rows, "hill", "stage one", "affine_energy")
    assert energies == sorted(energies)
    assert energies[0] < 0.2 * energies[-1]


def test_what_a_setting_comes_to_is_made_only_once(folders, network):
    dataset, results = only("hill", open_dataset(folders[0])), folders[1]
    sweep(dataset, results, CONFIG, network)
    first = read(results)
    made = {path: path.stat().st_mtime_ns for path in (results / "hill").rglob("image16.png")}
    places = {"onestage", "sweep/onestage_300", "sweep/onestage_3000"}
    places |= {f"sweep/smooth_{lam}" for lam in LAMBDAS}
    assert {str(path.parent.relative_to(results / "hill")) for path in made} == places
    assert len({path.read_bytes() for path in made}) == 7
    sweep(dataset, results, CONFIG, network)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    for method in ("one-stage", "two-stage"):
        assert curve(read(results), "hill", method, "seconds") == curve(first, "hill", method, "seconds")
    assert curve(read(results), "hill", "two-stage", "edge_ssim") == curve(first, "hill", "two-stage", "edge_ssim")


def test_no_stage_one_image_at_all_is_an_error_and_loads_no_encoder(folders):
    dataset, results = folders
    unused = Network(CONFIG)
    with pytest.raises(CompareError, match="no pair could be swept\nthe sweep of moor: there is no stage-one image"):
        sweep(only("moor", open_dataset(dataset)), results, CONFIG, unused)
    assert "encoder" not in vars(unused)
    assert not (results / CSV).exists()


def test_means_are_by_method_and_setting():
    scored = [("a", 0.1, 0.2), ("b", 0.1, 0.4), ("a", 1.0, 0.6), ("b", 1.0, 1.0)]
    points = [Point(Row(pair, "two-stage", Scores(x, x, x, x, 0.0, 0.0)), lam) for pair, lam, x in scored]
    points.append(Point(Row("a", "compare_other", Scores(1, 1, 1, 1, 0.0, 0.0)), None))
    averages = mean_points(points)
    assert [(p.row.pair, p.row.method, p.value) for p in averages] == [
        ("mean of 2", "two-stage", 0.1),
        ("mean of 2", "two-stage", 1.0),
        ("mean of 1", "compare_other", None),
    ]
    assert [p.row.scores.style_distance for p in averages] == pytest.approx([0.3, 0.8, 1.0])


def test_from_the_command_line_after_stage_one(folders, capsys):
    dataset, results = folders
    settings = ["--size", "48", "--encoder", "vgg16", "--device", "cpu", "--onestage.evaluations", "2"]
    settings += [
        "--stylize.sizes",
        "48",
        "--stylize.evaluations",
        "3",
        "--results",
        str(results.parent),
        "--pairs",
        "hill",
    ]
    assert main(["stylize", str(dataset), "--force", *settings]) == 0
    assert main(["compare", str(dataset), "--sweep", *settings]) == 0
    out = capsys.readouterr().out
    assert "stage one: encoder: vgg16; start: colour; evaluations: 3." in out
    assert "two-stage: start: stage-one image; closed form, no evaluation of its own." in out
    assert (results / "metrics.csv").exists()
    with open(results / "metrics.csv", newline="") as file:
        compared = {row["method"]: row for row in csv.DictReader(file) if row["pair"] == "hill"}
    swept = {(row["method"], row["value"]): row for row in read(results) if row["pair"] == "hill"}
    columns = [*Scores._fields, "evaluations", "seconds"]
    for method, value in (("stage one", ""), ("one-stage", str(OneStage().photorealism_weight))):
        assert [swept[method, value][column] for column in columns] == [compared[method][column] for column in columns]
