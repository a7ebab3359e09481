import re
from xml.etree import ElementTree

import pytest

from pipeline.compare import sweep_table
from pipeline.compare.methods import CSV, SWEEP
from pipeline.compare.score_table import Row, Scores, means, to_csv
from pipeline.pages.report.columns import read_score_table
from pipeline.pages.report.tradeoff import draw_tradeoff

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [
    Row("hill", "content", Scores(1.0, 1.0, 0.3, 0.0, 0.0, 0.0)),
    Row("hill", "two-stage", Scores(0.8, 0.3, 0.1, 1e-4, 0.0, 0.0)),
    Row("hill", "one-stage", Scores(0.5, 0.1, 0.1, 1e-4, 0.0, 0.0)),
    Row("lake", "content", Scores(1.0, 1.0, 0.3, 0.0, 0.0, 0.0)),
    Row("lake", "two-stage", Scores(0.7, 0.4, 0.1, 1e-4, 0.0, 0.0)),
    Row("lake", "one-stage", Scores(0.6, 0.2, 0.1, 1e-4, 0.0, 0.0)),
]


@pytest.fixture
def table(tmp_path):
    (tmp_path / CSV).write_text(to_csv([*ROWS, *means(ROWS)]))
    return read_score_table(tmp_path / CSV)


def swept(tmp_path, values):
    """A sweep of two-stage over one pair, in the order given."""
    points = [
        sweep_table.Point(Row("hill", "two-stage", Scores(0.9 - 0.1 * v, 0.1 * v, 0.1, 0.0, 0.0, 0.0)), "lambda", v)
        for v in values
    ]
    (tmp_path / SWEEP).write_text(sweep_table.points_to_csv([*points, *sweep_table.mean_points(points)]))
    return tmp_path / SWEEP


def drawn(table, file):
    """What stands in the drawing, and its large dots by colour: where they are, in points from the upper left."""
    svg = ElementTree.fromstring(draw_tradeoff(table, file))
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    marks = {}
    for use in svg.iter(f"{SVG}use"):
        marks.setdefault(use.get("style"), []).append((float(use.get("x")), float(use.get("y"))))
    means = {style[6:15]: places[0] for style, places in marks.items() if "stroke: var(--paper)" in style}
    return texts, means, marks


def test_better_is_up_and_to_the_left(table):
    texts, means, marks = drawn(table, None)
    assert texts[-2:] == ["two-stage", "one-stage"]
    assert "0.3" in "".join(texts)
    two_stage, one_stage = means["var(--c0)"], means["var(--c1)"]
    assert two_stage[0] > one_stage[0]
    assert two_stage[1] < one_stage[1]
    ((first, second),) = (places for style, places in marks.items() if "opacity" in style and "--c0" in style)
    assert two_stage == pytest.approx(((first[0] + second[0]) / 2, (first[1] + second[1]) / 2))


def test_a_sweep_is_drawn_in_the_order_of_its_dial(table, tmp_path):
    texts, _, marks = drawn(table, swept(tmp_path, [1.0, 0.001, 0.1]))
    assert [text for text in texts if text.startswith("λ")] == ["λ 0.001", "λ 0.1", "λ 1"]
    (stops,) = (places for places in marks.values() if len(places) == 3)
    assert stops == sorted(stops)


def test_it_is_in_the_pages_colours_and_the_same_each_time(table):
    drawing = draw_tradeoff(table, None)
    assert draw_tradeoff(table, None) == drawing
    assert set(re.findall("#[0-9a-f]{6}", drawing)) <= {"#000000"}


def test_names_are_text(tmp_path):
    rows = [*ROWS[:2], Row("hill", "compare_<b>$x_$", Scores(0.1, 0.9, 0.1, 1e-4, 0.0, 0.0))]
    (tmp_path / CSV).write_text(to_csv([*rows, *means(rows)]))
    texts, _, _ = drawn(read_score_table(tmp_path / CSV), None)
    assert texts[-1] == "<b>$x $"


def test_one_method_alone_has_no_trade_off(tmp_path):
    (tmp_path / CSV).write_text(to_csv([*ROWS[:2], *means(ROWS[:2])]))
    assert draw_tradeoff(read_score_table(tmp_path / CSV), None) is None
