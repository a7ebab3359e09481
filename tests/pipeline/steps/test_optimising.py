"""What is told while an optimiser is at work."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from pipeline.events.progress import Advance
from pipeline.steps.optimising import telling


class Iterate(NamedTuple):
    step: int
    total: int = 10
    size: int = 48
    loss: float = 0.5
    losses: Mapping[str, float] = MappingProxyType({})


def test_the_time_to_go_counts_from_the_first_iterate_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first waits for what is compiled and loaded."""
    told: list[Advance] = []
    tell: Any = telling(told.append)
    for step, at in ((1, 100.0), (2, 102.0), (6, 110.0)):
        monkeypatch.setattr(time, "monotonic", lambda at=at: at)
        tell(Iterate(step))
    assert [advance.left for advance in told] == [None, 16.0, 8.0]
