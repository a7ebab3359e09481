import csv

from pipeline.compare.methods import CSV
from pipeline.compare.metrics import Scores
from pipeline.compare.score_table import Row, means, to_csv
from pipeline.pages.report.columns import METRICS, label, read_score_table

ROWS = [
    Row("hill", "content", Scores(1.0, 1.0, 0.0, 0.0, 0.0, 0.0)),
    Row("hill", "two-stage", Scores(0.8, 0.2, 0.1, 1e-4, 0.0, 0.0), 2.0),
    Row("hill", "one-stage", Scores(0.7, 0.1, 0.2, 2e-4, 0.0, 0.0), 30.0),
    Row("hill", "compare_x", Scores(0.9, 0.0, 0.0, 0.0, 0.0, 0.0)),
    Row("mean of 3", "content", Scores(1.0, 1.0, 0.0, 0.0, 0.0, 0.0)),
    Row("mean of 3", "two-stage", Scores(0.6, 0.4, 0.1, 1e-4, 0.0, 0.0), 4.0),
    Row("mean of 3", "one-stage", Scores(0.5, 0.3, 0.1, 2e-4, 0.0, 0.0), 20.0),
]


def read(tmp_path, rows):
    (tmp_path / CSV).write_text(to_csv([*rows, *means(rows)]))
    return read_score_table(tmp_path / CSV)


def best(row):
    return {column.name for column, score in zip(METRICS, row.scores, strict=True) if score.best}


def test_rows_come_back_as_they_were_whatever_a_pair_is_called(tmp_path):
    table = read(tmp_path, ROWS)
    assert [(row.pair, row.method) for row in table.rows] == [(row.pair, row.method) for row in ROWS]
    assert table.rows[1].scores[0].value == 0.8
    assert table.rows[1].scores[0].text == "0.800"
    assert table.rows[0].scores[-1] == (None, "", False)
    assert list(table.of_pair("mean of 3")) == ["content", "two-stage", "one-stage"]
    assert [row.pair for row in table.means] == ["mean of 2"] * 3 + ["mean of 1"]


def test_the_best_of_each_pair_is_marked_and_the_content_competes_with_nobody(tmp_path):
    rows = read(tmp_path, ROWS).rows
    assert best(rows[0]) == best(rows[4]) == set()
    assert best(rows[3]) == {"edge_ssim", "style_distance", "colour_distance", "affine_energy"}
    assert best(rows[5]) == {"edge_ssim", "colour_distance", "affine_energy"}
    assert best(rows[6]) == {"style_distance", "colour_distance"}  # a tie is everyone's


def test_a_mean_over_fewer_pairs_competes_with_nobody(tmp_path):
    content, two_stage, one_stage, other = read(tmp_path, ROWS).means
    assert best(content) == best(other) == set()
    assert best(two_stage) == {"edge_ssim", "colour_distance", "affine_energy"}
    assert best(one_stage) == {"style_distance"}


def test_every_metric_says_how_it_is_read():
    assert all(column.note for column in METRICS)
    assert label("compare_authors_final") == "authors final"
    assert label("stage one") == "stage one"


def test_quotes_and_commas_in_names_survive(tmp_path):
    name = 'a "b", c'
    table = read(tmp_path, [Row(name, "two-stage", Scores(0.8, 0.2, 0.1, 1e-4, 0.0, 0.0), 2.0)])
    assert table.rows[0].pair == name
    assert len(list(csv.reader((tmp_path / CSV).read_text().splitlines()))) == 3
