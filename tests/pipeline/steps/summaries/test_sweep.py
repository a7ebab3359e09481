import csv

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import ndimage

from pipeline.cli.main import main
from pipeline.compare.methods import SWEEP
from pipeline.compare.score_table import Row, Scores
from pipeline.compare.sweep_table import Point, mean_points
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.reading import read_photo
from pipeline.run import run_dataset
from pipeline.settings.config import Config
from pipeline.steps.catalogue import COMPARISON
from pipeline.steps.summaries.sweep import LAMBDAS, MUS, steps_of_sweep
from stages.settings import OneStage, Smooth

CONFIG = Config(size=48, encoder="vgg16", device="cpu", onestage=OneStage(evaluations=2, photorealism_weight=30.0))
WEIGHTS = [3.0, 30.0, 300.0]
pytestmark = pytest.mark.usefixtures("vgg16")


def photo(seed):
    """Soft blobs of colour that fill [0, 1]."""
    blobs = ndimage.gaussian_filter(np.random.default_rng(seed).random((36, 48, 3)), (3, 3, 0), mode="wrap")
    return ((blobs - blobs.min()) / np.ptp(blobs)).astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    """Three pairs, the first two with a noisy stage-one image."""
    dataset, results = tmp_path / "views", tmp_path / "results" / "views"
    for seed, pair in enumerate(("hill", "lake", "moor")):
        (dataset / pair).mkdir(parents=True)
        (dataset / pair / "content.png").write_bytes(encode_png(photo(2 * seed), 8))
        (dataset / pair / "style.png").write_bytes(encode_png(photo(2 * seed + 1), 8))
    for seed, pair in enumerate(("hill", "lake")):
        put_stage_one(results / pair, 2 * seed)
    return dataset, results


def put_stage_one(folder, seed):
    noise = np.random.default_rng(seed).normal(0, 0.2, (36, 48, 3)).astype(np.float32)
    (folder / "stylize").mkdir(parents=True, exist_ok=True)
    (folder / "stylize" / "image.tiff").write_bytes(encode_tiff(np.clip(photo(seed) + noise, 0, 1)))


def sweep(folders, config=CONFIG, pairs=()):
    steps = [*steps_of_sweep(config), *COMPARISON]
    return run_dataset(folders[0], folders[1].parent, config, steps=steps, pairs=pairs)


def read(results):
    with open(results / SWEEP, newline="") as file:
        return list(csv.DictReader(file))


def curve(rows, pair, method, column, dial=None):
    here = [row for row in rows if (row["pair"], row["method"]) == (pair, method)]
    return [float(row[column]) for row in here if dial in (None, row.get("dial"))]


def test_both_methods_are_swept_over_their_dials(folders):
    results = folders[1]
    summary = sweep(folders)
    rows = read(results)
    for pair in ("hill", "lake", "mean of 2"):
        assert curve(rows, pair, "two-stage", "value", "lambda") == list(LAMBDAS)
        assert curve(rows, pair, "two-stage", "value", "mu") == list(MUS)
        assert curve(rows, pair, "one-stage", "value") == pytest.approx(WEIGHTS)
    for pair in ("hill", "lake"):  # x comes nearer to its target as lambda grows: at the last it is there
        images = [read_photo(results / pair / "sweep" / f"smooth_{lam}" / "image.png") for lam in LAMBDAS]
        distances = [float(np.linalg.norm(image - images[-1])) for image in images]
        assert distances == sorted(set(distances), reverse=True)
    of_both = [curve(rows, pair, "two-stage", "style_distance") for pair in ("hill", "lake")]
    assert curve(rows, "mean of 2", "two-stage", "style_distance") == pytest.approx(np.mean(of_both, axis=0))
    assert "two-stage, lambda 0.01" in summary.table
    assert "one-stage, photorealism_weight 300" in summary.table
    assert {failure.pair for failure in summary.failures} == {"moor"}
    reasons = {failure.reason for failure in summary.failures}
    assert reasons == {"there is no stage-one image: run `photostyle stylize` first"}


def test_of_the_plain_smoothing_the_energy_grows_with_lambda(folders):
    """x^T L x does, whatever the image, up to the stage-one image's; an anchor has an energy of its own."""
    sweep(folders, replace(CONFIG, smooth=Smooth(mu=0.0, anchor="none")), ["hill"])
    energies = curve(read(folders[1]), "hill", "two-stage", "affine_energy", "lambda")
    with open(folders[1] / "metrics.csv", newline="") as file:
        energies += curve(list(csv.DictReader(file)), "hill", "stage one", "affine_energy")
    assert energies == sorted(energies)
    assert energies[0] < 0.2 * energies[-1]


def test_what_a_setting_comes_to_is_made_only_once(folders):
    results = folders[1]
    sweep(folders, pairs=["hill"])
    first = read(results)
    made = {path: path.stat().st_mtime_ns for path in (results / "hill").rglob("image16.png")}
    places = {"onestage", "sweep/onestage_3", "sweep/onestage_300"}
    places |= {f"sweep/smooth_{lam}" for lam in LAMBDAS} | {f"sweep/smooth_mu_{mu}" for mu in MUS}
    assert {str(path.parent.relative_to(results / "hill")) for path in made} == places
    assert len({path.read_bytes() for path in made}) == 11
    assert sweep(folders, pairs=["hill"]).done == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert read(results) == first


def test_curves_are_told_only_of_the_images_that_are_compared(folders):
    sweep(folders, pairs=["hill"])
    assert "two-stage, lambda" in run_dataset(*folders_of(folders), CONFIG, steps=COMPARISON, pairs=["hill"]).table
    put_stage_one(folders[1] / "hill", 7)
    told = run_dataset(*folders_of(folders), CONFIG, steps=COMPARISON, pairs=["hill"])
    assert told.new_table
    assert "two-stage, lambda" not in told.table
    assert "w 300<" not in (folders[1] / "report" / "index.html").read_text("utf-8")
    sweep(folders, pairs=["hill"])
    assert "w 300<" in (folders[1] / "report" / "index.html").read_text("utf-8")


def folders_of(folders):
    return folders[0], folders[1].parent


def test_means_are_by_method_and_setting():
    scored = [("a", 0.1, 0.2), ("b", 0.1, 0.4), ("a", 1.0, 0.6), ("b", 1.0, 1.0), ("a", 10.0, 1.0)]
    points = [Point(Row(pair, "two-stage", Scores(x, x, x, x, 0.0, 0.0)), "lambda", lam) for pair, lam, x in scored]
    averages = mean_points(points)
    assert [(p.row.pair, p.row.method, p.value) for p in averages] == [
        ("mean of 2", "two-stage", 0.1),
        ("mean of 2", "two-stage", 1.0),
        ("mean of 1", "two-stage", 10.0),
    ]
    assert [p.row.scores.style_distance for p in averages] == pytest.approx([0.3, 0.8, 1.0])


def test_from_the_command_line_after_stage_one(folders, capsys):
    dataset, results = folders
    settings = ["--size", "48", "--encoder", "vgg16", "--device", "cpu", "--onestage.evaluations", "2"]
    settings += ["--stylize.sizes", "48", "--stylize.evaluations", "3", "--pairs", "hill"]
    settings += ["--results", str(results.parent)]
    assert main(["stylize", str(dataset), "--force", *settings]) == 0
    assert main(["compare", str(dataset), "--sweep", *settings]) == 0
    out = capsys.readouterr().out
    assert "stage one: encoder: vgg16; start: colour; evaluations: 3." in out
    assert "two-stage: start: stage-one image; closed form, no evaluation of its own." in out
    with open(results / "metrics.csv", newline="") as file:
        compared = {row["method"]: row for row in csv.DictReader(file) if row["pair"] == "hill"}
    swept = {(row["method"], row["value"]): row for row in read(results) if row["pair"] == "hill"}
    columns = [*Scores._fields, "evaluations", "seconds"]
    at_default = swept["one-stage", str(OneStage().photorealism_weight)]
    assert [at_default[column] for column in columns] == [compared["one-stage"][column] for column in columns]
