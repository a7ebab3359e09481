from pathlib import Path

import pytest

from pipeline.images.saving import Encoded
from pipeline.transfer.orders import Order, carry_out_orders
from pipeline.upkeep.network import EncoderError
from pipeline.upkeep.progress import Event, Said, Underway


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def order(path: Path, data: bytes | Exception, recipe: str = "one", notes: tuple[str, ...] = ()) -> Order:
    def make() -> Encoded:
        if isinstance(data, Exception):
            raise data
        return Encoded(data, notes)

    return Order(path.name, path, lambda: recipe, make)


@pytest.mark.parametrize("at_once", [1, 3])
def test_one_that_fails_stops_no_other(tmp_path: Path, at_once: int) -> None:
    out, heard = tmp_path / "out", list[Event]()
    wanted = [
        order(out / "a", b"A"),
        order(out / "b", ValueError("no picture")),
        order(out / "c", b"C", notes=("a note",)),
    ]
    summary = carry_out_orders(wanted, heard.append, at_once=at_once)
    assert (summary.done, summary.kept) == (2, 0)
    assert [(failure.pair, failure.reason) for failure in summary.failures] == [("b", "no picture")]
    assert {path.name for path in out.iterdir()} == {"a", "c"}
    assert Said("c: a note") in heard
    assert max(each.advance.done for each in heard if isinstance(each, Underway) and each.advance) == 3


def test_only_what_is_not_current_is_made(tmp_path: Path) -> None:
    assert carry_out_orders([order(tmp_path / "a", b"A")]).done == 1
    again = carry_out_orders([order(tmp_path / "a", RuntimeError("made again"))])
    assert (again.done, again.kept, again.failures) == (0, 1, ())
    assert carry_out_orders([order(tmp_path / "a", b"AA", "two")]).done == 1
    assert (tmp_path / "a").read_bytes() == b"AA"
    assert carry_out_orders([order(tmp_path / "a", b"AAA", "two")], force=True).done == 1
    assert (tmp_path / "a").read_bytes() == b"AAA"


def test_the_user_s_files_stay_but_by_force(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    summary = carry_out_orders([order(tmp_path / "a", b"A")])
    assert "is not ours" in summary.failures[0].reason
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert carry_out_orders([order(tmp_path / "a", b"A")], force=True).done == 1
    assert (tmp_path / "a").read_bytes() == b"A"


def test_what_concerns_all_ends_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderError):
        carry_out_orders([order(tmp_path / "a", EncoderError("none")), order(tmp_path / "b", b"B")])
