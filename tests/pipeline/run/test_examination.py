"""A dataset before the work: several pairs are read at once, and told of in their order."""

import threading
import time
from pathlib import Path

import pytest

from pipeline.dataset.opening import open_dataset
from pipeline.dataset.pairs import Pair
from pipeline.events.errors import NetworkError
from pipeline.run import examination
from pipeline.run.examination import examine
from pipeline.settings.config import Config
from pipeline.steps.smooth import SMOOTH
from tests.pipeline.scenes import make_stylized_pairs

NAMES = ("alp", "bay", "fen", "moor")
PATIENCE_S = 60.0


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return make_stylized_pairs(tmp_path / "views", tmp_path / "results" / "views", NAMES)


def test_as_many_are_read_at_once_as_there_are_cores_and_are_told_of_in_order(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folders[0] / "bay" / "content.png").write_bytes(b"no photo")
    monkeypatch.setattr(examination, "available_cores", lambda: 4)
    monkeypatch.setattr(examination, "free_memory", lambda: 10**12)
    together = threading.Barrier(4)

    def settings_of(pair: Pair) -> Config:
        together.wait(PATIENCE_S)
        time.sleep(0.1 * (NAMES[::-1].index(pair.name)))  # the last is done first
        return Config()

    found = examine(open_dataset(folders[0]), folders[1], [SMOOTH], settings_of)
    assert [one.pair.name for one in found.sound] == ["alp", "fen", "moor"]
    assert [one.states["smooth"].kind for one in found.sound] == ["missing"] * 3
    assert [(failure.pair, failure.what) for failure in found.failures] == [("bay", "dataset")]


def test_where_memory_is_short_they_are_read_one_by_one(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "available_cores", lambda: 4)
    monkeypatch.setattr(examination, "free_memory", lambda: 1)
    at_work = threading.Lock()

    def settings_of(pair: Pair) -> Config:
        assert at_work.acquire(blocking=False)
        time.sleep(0.05)
        at_work.release()
        return Config()

    found = examine(open_dataset(folders[0]), folders[1], [SMOOTH], settings_of)
    assert (len(found.sound), found.failures) == (len(NAMES), ())


def test_what_concerns_all_ends_it(folders: tuple[Path, Path]) -> None:
    def settings_of(pair: Pair) -> Config:
        raise NetworkError("there is no network")

    with pytest.raises(NetworkError, match="there is no network"):
        examine(open_dataset(folders[0]), folders[1], [SMOOTH], settings_of)
