"""A few kills; `python -m tests.pipeline.run.kills` is for many."""

from pathlib import Path

from tests.pipeline.run.kills import survive

KILLS = 2


def test_what_was_killed_again_and_again_ends_as_if_undisturbed(tmp_path: Path, vgg16: None) -> None:
    toll = survive(tmp_path, KILLS, seed=21)
    assert toll.kills == KILLS
    assert toll.found_whole + toll.found_missing > 0
