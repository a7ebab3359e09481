import pytest

from pipeline import progress
from pipeline.progress import Step, spoken, watch


def test_a_line_at_once_of_how_it_is_done_then_one_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with watch("lake smooth") as to_a_tolerance, watch("hill stylize") as to_a_number:
        to_a_tolerance(Step(0, 0, "by conjugate gradients"))
        for iteration in range(1, 50):
            now = iteration * 0.5
            to_a_tolerance(Step(iteration, 0, f"residual {0.5**iteration:.1e}"))
            to_a_number(Step(iteration, 50, "at 48 px", left=(50 - iteration) * 0.5))
    assert capsys.readouterr().err.splitlines() == [
        "lake smooth, by conjugate gradients",
        "lake smooth: iteration 20, residual 9.5e-07",
        "hill stylize: 20/50, at 48 px, 15 s left",
        "lake smooth: iteration 40, residual 9.1e-13",
        "hill stylize: 40/50, at 48 px, 5 s left",
    ]


def test_times_as_one_says_them() -> None:
    assert [spoken(seconds) for seconds in (3.4, 99, 100, 5999, 6000)] == ["3 s", "99 s", "2 min", "100 min", "1.7 h"]
