import pytest

from pipeline.compare.methods import CSV
from pipeline.compare.metrics import Scores
from pipeline.compare.score_table import Row, means, to_csv
from pipeline.pages.report.columns import read_score_table
from pipeline.pages.report.tradeoff import BOTTOM, HEIGHT, LEFT, RIGHT, SWEEP, TOP, WIDTH, plot_tradeoff
from pipeline.steps import sweep

ROWS = [
    Row("hill", "content", Scores(1.0, 1.0, 0.3, 0.0)),
    Row("hill", "two-stage", Scores(0.8, 0.3, 0.1, 1e-4)),
    Row("hill", "one-stage", Scores(0.5, 0.1, 0.1, 1e-4)),
    Row("lake", "content", Scores(1.0, 1.0, 0.3, 0.0)),
    Row("lake", "two-stage", Scores(0.7, 0.4, 0.1, 1e-4)),
    Row("lake", "one-stage", Scores(0.6, 0.2, 0.1, 1e-4)),
]


@pytest.fixture
def table(tmp_path):
    (tmp_path / CSV).write_text(to_csv([*ROWS, *means(ROWS)]))
    return read_score_table(tmp_path / CSV)


def swept(tmp_path, values):
    """A sweep of two-stage over one pair, in the order given."""
    points = [sweep.Point(Row("hill", "two-stage", Scores(0.9 - 0.1 * v, 0.1 * v, 0.1, 0.0)), v) for v in values]
    points.append(sweep.Point(ROWS[0], None))
    (tmp_path / SWEEP).write_text(sweep.to_csv([*points, *sweep.mean_points(points)]))
    return tmp_path / SWEEP


def test_better_is_up_and_to_the_left_and_everything_is_inside(table, tmp_path):
    two_stage, one_stage = plot_tradeoff(table, tmp_path / "none").curves
    assert (two_stage.method, one_stage.method) == ("two-stage", "one-stage")
    assert two_stage.mean.y < one_stage.mean.y
    assert two_stage.mean.x > one_stage.mean.x
    for curve in (two_stage, one_stage):
        assert [dot.label for dot in curve.pairs] == ["hill", "lake"]
        assert curve.mean.x == pytest.approx(sum(dot.x for dot in curve.pairs) / 2, abs=0.1)
        assert curve.swept == ()
        for dot in (curve.mean, *curve.pairs):
            assert LEFT < dot.x < WIDTH - RIGHT
            assert TOP < dot.y < HEIGHT - BOTTOM


def test_ticks_are_round_and_where_their_values_are(table, tmp_path):
    plot = plot_tradeoff(table, tmp_path / "none")
    dot = plot.curves[0].pairs[0]  # at (0.3, 0.8)
    assert {tick.text: tick.at for tick in plot.xs}["0.3"] == pytest.approx(dot.x, abs=0.1)
    assert {tick.text: tick.at for tick in plot.ys}["0.8"] == pytest.approx(dot.y, abs=0.1)


def test_a_sweep_is_drawn_in_the_order_of_its_dial(table, tmp_path):
    file = swept(tmp_path, [1.0, 0.001, 0.1])
    two_stage, one_stage = plot_tradeoff(table, file).curves
    assert [dot.label for dot in two_stage.swept] == ["lambda 0.001", "lambda 0.1", "lambda 1"]
    assert [dot.x for dot in two_stage.swept] == sorted(dot.x for dot in two_stage.swept)
    assert one_stage.swept == ()


def test_names_do_not_cover_each_other(tmp_path):
    rows = [Row("hill", name, Scores(0.5, 0.2, 0.1, 1e-4)) for name in ("stage one", "two-stage", "one-stage")]
    rows.append(Row("hill", "compare_far", Scores(0.1, 0.9, 0.1, 1e-4)))
    (tmp_path / CSV).write_text(to_csv([*rows, *means(rows)]))
    plot = plot_tradeoff(read_score_table(tmp_path / CSV), tmp_path / "none")
    assert len({curve.name for curve in plot.curves}) == 4


def test_one_method_alone_has_no_trade_off(tmp_path):
    (tmp_path / CSV).write_text(to_csv([*ROWS[:2], *means(ROWS[:2])]))
    assert plot_tradeoff(read_score_table(tmp_path / CSV), tmp_path / "none") is None


def test_the_sweep_is_looked_for_where_it_is_written():
    assert SWEEP == sweep.CSV
