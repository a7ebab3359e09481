import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.metrics import Scores
from pipeline.compare.score_table import COLUMNS, Row, means, to_csv, to_markdown

finite = st.floats(-1e6, 1e6)
scores = st.builds(Scores, *[finite] * len(Scores._fields))
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
methods = st.sampled_from(["content", "two-stage", "compare_x"])
rows = st.lists(
    st.builds(
        Row, names, st.sampled_from(["content", "two-stage", "compare_x"]), scores, st.none() | st.floats(0, 1e5)
    ),
    min_size=1,
    max_size=12,
)

TWO = [
    Row("lake", "content", Scores(1.0, 0.8, 0.2, 0.0, 0.0, 0.0)),
    Row("lake", "two-stage", Scores(0.6, 0.3, 0.1, 1e-4, -0.5, 0.1), 2.0, 900),
    Row("hill", "content", Scores(1.0, 0.4, 0.4, 0.0, 0.0, 0.0)),
    Row("hill", "two-stage", Scores(0.8, 0.1, 0.3, 3e-4, -0.1, 0.3), 4.0, 950),
    Row("hill", "one-stage", Scores(0.5, 0.2, 0.2, 5e-4, 0.0, 0.0), 60.0, evaluations=20),
]


def test_means_are_by_method_over_the_pairs_that_have_it():
    content, two_stage, one_stage = means(TWO)
    assert [row.method for row in (content, two_stage, one_stage)] == ["content", "two-stage", "one-stage"]
    assert two_stage.pair == "mean of 2"
    assert two_stage.scores == pytest.approx((0.7, 0.2, 0.2, 2e-4, -0.3, 0.2))
    assert two_stage.seconds == 3.0
    assert content.seconds is None
    assert two_stage.evaluations is None
    assert one_stage == TWO[-1]._replace(pair="mean of 1", evaluations=20.0)


@given(rows)
def test_a_mean_lies_between_its_values(table):
    for mean in means(table):
        of_method = [row.scores for row in table if row.method == mean.method]
        for value, values in zip(mean.scores, zip(*of_method, strict=True), strict=True):
            slack = 1e-9 * max(map(abs, values))
            assert min(values) - slack <= value <= max(values) + slack


@given(rows)
def test_csv_gives_back_every_value_exactly(table):
    back = list(csv.DictReader(io.StringIO(to_csv(table), newline="")))
    assert len(back) == len(table)
    for read, row in zip(back, table, strict=True):
        assert (read["pair"], read["method"]) == (row.pair, row.method)
        assert tuple(float(read[name]) for name in Scores._fields) == row.scores
        assert read["seconds"] == ("" if row.seconds is None else repr(row.seconds))


@given(rows)
def test_the_table_is_aligned_whatever_the_names(table):
    lines = to_markdown(table).splitlines()
    assert len(lines) == len(table) + 2
    assert len({len(line) for line in lines}) == 1
    assert {line.replace(r"\|", "").count("|") for line in lines} == {len(COLUMNS) + 1}


def test_the_table_names_a_pair_once_and_leaves_unknown_seconds_blank():
    lines = to_markdown(TWO).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[0] for row in cells] == ["lake", "", "hill", "", ""]
    assert [row[-1] for row in cells] == ["", "2.0", "", "4.0", "60.0"]
    assert [row[-2] for row in cells] == ["", "", "", "", "20"]
    assert cells[1][2:8] == ["0.600", "0.300", "0.100", "1.00e-04", "-0.50", "+0.10"]
