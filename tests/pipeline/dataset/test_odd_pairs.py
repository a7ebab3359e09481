"""Hundreds of pairs that are odd in many ways at once, none of them refused; hundreds with one fault, each told."""

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.dataset.inputs import InputError
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.settings.config import ConfigError
from pipeline.settings.layers import load_config
from tests.pipeline.dataset.odd_pairs import HARMFUL, put_harmless, put_sound

PAIRS, TIMES = 320, 14


@pytest.mark.parametrize("seed", range(8))
def test_oddities_refuse_no_pair_and_match_the_same_regions(
    tmp_path: Path, seed: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(PAIRS // 8):
        root = tmp_path / str(number)
        folder = put_harmless(root, np.random.default_rng([seed, number]))
        dataset = open_dataset(root)
        assert (dataset.faults, dataset.unused) == ((), ())
        (pair,) = dataset.pairs
        assert pair.name == folder.name
        assert load_config(root, own=pair.own_settings()).smooth.lam == 0.5
        inputs = load_inputs(pair, 700)
        assert inputs.regions.count == 3
        middles = [labels[[6, 20, 33], 24].tolist() for labels in (inputs.regions.content, inputs.regions.style)]
        assert middles[0] == middles[1]
        assert len(set(middles[0])) == 3
        assert len(inputs.notes) <= 4
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", HARMFUL)
def test_each_fault_is_told_with_what_to_do(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    harm, pattern = HARMFUL[name]
    for time in range(TIMES):
        root = tmp_path / str(time)
        folder = put_sound(root)
        harm(folder, np.random.default_rng([zlib.crc32(name.encode()), time]))
        told = faults_of(root)
        assert re.search(pattern, told), told
        assert "\n" not in told
        assert folder.name in told or not folder.exists()
    assert capfd.readouterr() == ("", "")


def faults_of(root: Path) -> str:
    """All that is wrong with the one pair."""
    dataset = open_dataset(root)
    if dataset.faults:
        return "\n".join(fault.text for fault in dataset.faults)
    (pair,) = dataset.pairs
    try:
        load_config(root, own=pair.own_settings())
        load_inputs(pair, 700)
    except (InputError, ConfigError) as error:
        return str(error)
    return ""


def test_there_are_hundreds_of_both() -> None:
    assert PAIRS > 300
    assert len(HARMFUL) * TIMES > 300
