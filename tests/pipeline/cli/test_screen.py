import os
import pty
import termios
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pipeline.cli.screen import Screen
from pipeline.events import progress
from pipeline.events.progress import Advance, spoken, underway


def test_a_line_at_once_of_how_it_is_done_then_one_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now, screen = 0.0, Screen()
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with underway(screen, "lake smooth") as to_a_tolerance, underway(screen, "hill stylize") as to_a_number:
        to_a_tolerance(Advance(0, 0, "by conjugate gradients"))
        for iteration in range(1, 50):
            now = iteration * 0.5
            to_a_tolerance(Advance(iteration, 0, f"residual {0.5**iteration:.1e}"))
            to_a_number(Advance(iteration, 50, "at 48 px", left=(50 - iteration) * 0.5))
    assert capsys.readouterr().err.splitlines() == [
        "lake smooth, by conjugate gradients",
        "lake smooth: iteration 20, residual 9.5e-07",
        "hill stylize: 20/50, 15 s left, at 48 px",
        "lake smooth: iteration 40, residual 9.1e-13",
        "hill stylize: 40/50, 5 s left, at 48 px",
    ]


def all_of(screen: int) -> Iterator[bytes]:
    """What was written to a terminal that is closed by now; Linux tells its end by an error."""
    with suppress(OSError):
        while chunk := os.read(screen, 10_000):
            yield chunk
    os.close(screen)


def test_a_bar_keeps_to_its_line_of_a_narrow_terminal_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    width = 50
    ours, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (10, width))
    with open(terminal, "w") as stderr, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", stderr)
        with underway(Screen(), "lake stylize") as on_step:
            time.sleep(0.2)  # tqdm draws ten times a second at most
            on_step(Advance(2, 70, "at 350 px, loss 0.463 style 0.21 content 0.1", left=88.0))
    drawn = b"".join(all_of(ours)).decode().split("\r")
    before, title, bar, cleared, after = drawn
    assert (before, title, after) == ("", "lake stylize", "")
    assert len(bar) == len(cleared) == width - len("^C")
    assert "2/70, 88 s left" in bar
    assert not cleared.strip()


def test_times_as_one_says_them() -> None:
    assert [spoken(seconds) for seconds in (3.4, 99, 100, 5999, 6000)] == ["3 s", "99 s", "2 min", "100 min", "1.7 h"]
