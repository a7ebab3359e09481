"""A few kills; `python -m tests.pipeline.kills` is for many."""

from pathlib import Path

import pytest

from pipeline.weights import WeightsError, load_encoder_weights
from tests.pipeline.kills import survive

KILLS = 3


def test_what_was_killed_again_and_again_ends_as_if_undisturbed(tmp_path: Path) -> None:
    try:
        load_encoder_weights("vgg16")
    except WeightsError as error:
        pytest.skip(f"VGG-16 can't be had here: {error}")
    toll = survive(tmp_path, KILLS, seed=2)
    assert toll.kills == KILLS
    assert toll.found_whole + toll.found_missing > 0
