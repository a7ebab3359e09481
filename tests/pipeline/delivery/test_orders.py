import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.delivery.orders import Order, carry_out_orders
from pipeline.events.errors import NetworkError
from pipeline.events.progress import Event, Said, Underway
from pipeline.images.saving import Encoded


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
    summary = carry_out_orders(wanted, heard.append, read=(), at_once=at_once)
    assert (summary.done, summary.kept) == (2, 0)
    assert [(failure.pair, failure.reason) for failure in summary.failures] == [("b", "no picture")]
    assert {path.name for path in out.iterdir()} == {"a", "c"}
    assert Said("c: a note") in heard
    assert max(each.advance.done for each in heard if isinstance(each, Underway) and each.advance) == 3


def test_only_what_is_not_current_is_made(tmp_path: Path) -> None:
    assert carry_out_orders([order(tmp_path / "a", b"A")], read=()).done == 1
    again = carry_out_orders([order(tmp_path / "a", RuntimeError("made again"))], read=())
    assert (again.done, again.kept, again.failures) == (0, 1, ())
    assert carry_out_orders([order(tmp_path / "a", b"AA", "two")], read=()).done == 1
    assert (tmp_path / "a").read_bytes() == b"AA"
    assert carry_out_orders([order(tmp_path / "a", b"AAA", "two")], read=(), force=True).done == 1
    assert (tmp_path / "a").read_bytes() == b"AAA"


def test_the_user_s_files_stay_but_by_force(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    summary = carry_out_orders([order(tmp_path / "a", b"A")], read=())
    assert "is not ours" in summary.failures[0].reason
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert carry_out_orders([order(tmp_path / "a", b"A")], read=(), force=True).done == 1
    assert (tmp_path / "a").read_bytes() == b"A"


@pytest.mark.parametrize("called", [Path, lambda path: path.with_name("..") / path.parent.name / path.name])
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_nothing_goes_over_what_is_read_by_whatever_name(
    tmp_path: Path, called: Callable[[Path], Path], link: Callable[[Path, Path], None] | None
) -> None:
    photo, output = tmp_path / "photo", tmp_path / ("photo" if link is None else "other")
    carry_out_orders([order(photo, b"mine")], read=())  # though it is a file of ours
    if link is not None:
        link(photo, output)
    wanted = [order(output, RuntimeError("made"), "two"), order(tmp_path / "more", b"B")]
    summary = carry_out_orders(wanted, read=[called(photo), tmp_path / "missing"], force=True)
    assert [(failure.pair, summary.done) for failure in summary.failures] == [(output.name, 1)]
    assert "is read by this command" in summary.failures[0].reason
    assert photo.read_bytes() == output.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("output", "told"), [("folder", "is a folder"), ("file/deep/x", "file is a file, so there is no folder for x")]
)
def test_where_no_file_can_be_is_told_before_it_is_made(tmp_path: Path, output: str, told: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    summary = carry_out_orders([order(tmp_path / output, RuntimeError("made"))], read=(), force=True)
    assert told in summary.failures[0].reason


def test_ctrl_c_stops_the_order_at_work_and_those_that_are_left(tmp_path: Path) -> None:
    """The system tells the main thread alone of it."""
    threads = list[threading.Thread]()

    def interrupted() -> Encoded:
        threads.append(threading.current_thread())
        raise KeyboardInterrupt

    wanted = [order(tmp_path / "a", b"")._replace(make=interrupted), order(tmp_path / "b", b"B")]
    with pytest.raises(KeyboardInterrupt):
        carry_out_orders(wanted, read=())
    assert threads == [threading.current_thread()]
    assert not list(tmp_path.glob("[ab]"))


def test_what_concerns_all_ends_it(tmp_path: Path) -> None:
    with pytest.raises(NetworkError):
        carry_out_orders([order(tmp_path / "a", NetworkError("none")), order(tmp_path / "b", b"B")], read=())
