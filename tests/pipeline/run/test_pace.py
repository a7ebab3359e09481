import pytest

from pipeline.run.pace import Pace


def test_the_rest_takes_as_long_as_its_stages_took_so_far_and_as_many_at_once() -> None:
    pace = Pace(["stylize"] * 4 + ["smooth"] * 4)
    pace.count("stylize", 10.0)
    assert pace.remaining(elapsed=10.0) is None  # how long does smooth take?
    pace.count("stylize", 14.0)
    pace.count("smooth", 2.0)
    assert (pace.done, pace.total) == (3, 8)
    assert pace.remaining(elapsed=26.0) == pytest.approx(2 * 12 + 3 * 2)  # one after the other
    assert pace.remaining(elapsed=13.0) == pytest.approx((2 * 12 + 3 * 2) / 2)  # two at once


def test_what_needed_no_work_says_nothing_of_the_rest() -> None:
    pace = Pace(["smooth"] * 3)
    pace.count("smooth")
    assert pace.remaining(elapsed=0.1) is None
    pace.count("smooth", 4.0)
    assert pace.remaining(elapsed=4.0) == pytest.approx(4.0)
    pace.count("smooth", 4.0)
    assert pace.remaining(elapsed=8.0) == 0.0
