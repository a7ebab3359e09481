"""How long the rest of a dataset will take."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from pipeline.steps.staleness import Stage


class Pace:
    """Reckons with the mean time of each stage so far, and with how much gets done at once.

    With w seconds of work done in t seconds on the clock, by however many workers, and r seconds of work to do, it will
    take r t / w seconds more.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        """stages: of all tasks."""
        self._left = Counter(stages)
        self.total = self._left.total()
        self._times: dict[Stage, list[float]] = defaultdict(list)

    @property
    def done(self) -> int:
        """How many tasks have ended."""
        return self.total - self._left.total()

    def count(self, stage: Stage, seconds: float = 0.0) -> None:
        """A task has ended, after that long; 0 if nothing was made, which says nothing of the others."""
        self._left[stage] -= 1
        if seconds:
            self._times[stage].append(seconds)

    def remaining(self, elapsed: float) -> float | None:
        """Seconds to go, `elapsed` seconds after the start; None while a stage that is to come has not been timed."""
        left = {stage: count for stage, count in self._left.items() if count}
        if any(stage not in self._times for stage in left):
            return None
        work = sum(count * sum(self._times[stage]) / len(self._times[stage]) for stage, count in left.items())
        done = sum(map(sum, self._times.values()))
        return work * elapsed / done if left else 0.0
