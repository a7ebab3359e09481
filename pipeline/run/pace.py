"""How long the rest of a dataset will take."""

from collections import Counter, defaultdict
from collections.abc import Iterable


class Pace:
    """Reckons with the mean time of each step so far, and with how much gets done at once.

    With w seconds of work done in t seconds on the clock, by however many workers, and r seconds of work to do, it will
    take r t / w seconds more.
    """

    def __init__(self, steps: Iterable[str]) -> None:
        """steps: of all tasks."""
        self._left = Counter(steps)
        self.total = self._left.total()
        self._times: dict[str, list[float]] = defaultdict(list)

    @property
    def done(self) -> int:
        """How many tasks have ended."""
        return self.total - self._left.total()

    def count(self, step: str, seconds: float = 0.0) -> None:
        """A task has ended, after that long; 0 if nothing was made, which says nothing of the others."""
        self._left[step] -= 1
        if seconds:
            self._times[step].append(seconds)

    def remaining(self, elapsed: float) -> float | None:
        """Seconds to go, `elapsed` seconds after the start; None while a step that is to come has not been timed."""
        left = {step: count for step, count in self._left.items() if count}
        if any(step not in self._times for step in left):
            return None
        work = sum(count * sum(self._times[step]) / len(self._times[step]) for step, count in left.items())
        done = sum(map(sum, self._times.values()))
        return work * elapsed / done if left else 0.0
