"""Ray actors for what optimises: each has a GPU, or a share of one, and keeps its encoder there from task to task.

An actor that dies is replaced by a new one, which starts as soon as there is a GPU for it. Tasks are given only to
those that have started, so that none waits for a GPU that went away with its node.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from pipeline.networks.loaded import Networks
from pipeline.run.task import ClusterError, Outcome, Task
from pipeline.settings.config import Config

RETRIES = 3
"""How many deaths of its node, or of its process, a task survives, and a cluster's beginning."""
AHEAD = 2
"""Tasks for each actor, so that none waits for this process."""


Perform = Callable[[Task, Networks], Outcome]
"""Does a task on a node."""


class Optimiser:
    """An actor, on its node."""

    def __init__(self, config: bytes, perform: Perform) -> None:
        self._networks, self._perform = Networks(msgspec.json.decode(config, type=Config)), perform

    def start(self) -> None:
        """Returns when it is there."""

    def do(self, task: Task) -> Outcome:
        """A task, with lines of progress that Ray brings to the user's screen."""
        return self._perform(task, self._networks)


class Actors:
    """The actors of a cluster, and the tasks that they have."""

    def __init__(self, ray: Any, gpus: float, share: float, config: Config, perform: Perform) -> None:
        """ray: the module, connected; gpus: of the cluster; share: of a GPU, for each; config: the run's."""
        self._ray, self._given = ray, (msgspec.json.encode(config), perform)
        self._kind = ray.remote(Optimiser).options(num_gpus=share, num_cpus=0)
        self._tasks: dict[Any, int] = {}
        """How many each has that has started."""
        self._starting: dict[Any, Any] = {}
        """The others, by what ends when they have."""
        self._waiting: deque[Task] = deque()
        self._stillborn = 0
        for _ in range(int(gpus / share)):
            self._hire()

    @property
    def starting(self) -> list[Any]:
        """What ends when one has started."""
        return list(self._starting)

    def free(self) -> bool:
        """Whether there are fewer tasks than keep them all busy."""
        given = sum(self._tasks.values()) + len(self._waiting)
        return given < AHEAD * (len(self._tasks) + len(self._starting))

    def give(self, task: Task) -> None:
        """Takes a task, which begins when one of them has room for it."""
        self._waiting.append(task)

    def begun(self) -> dict[Any, tuple[Task, Any]]:
        """Begins what there is room for: the tasks by what ends with them, each with its actor."""
        begun = {}
        while self._waiting and self._tasks:
            actor = min(self._tasks, key=self._tasks.__getitem__)
            if self._tasks[actor] >= AHEAD:
                break
            self._tasks[actor] += 1
            task = self._waiting.popleft()
            begun[actor.do.remote(task)] = task, actor
        return begun

    def see_start(self, started: Any) -> None:
        """One has started, or died of it.

        Raises:
            ClusterError: they do so again and again.
        """
        actor = self._starting.pop(started)
        try:
            self._ray.get(started)
            self._tasks[actor] = 0
        except self._ray.exceptions.RayActorError as error:
            self._stillborn += 1
            if self._stillborn > RETRIES:
                raise ClusterError(
                    f"no optimiser starts: {error}; every node needs this version of photostyle"
                ) from error
            self._hire()

    def ended(self, actor: Any) -> None:
        """One of its tasks has."""
        if actor in self._tasks:
            self._tasks[actor] -= 1

    def replace(self, actor: Any) -> None:
        """One that is dead, or whose GPU takes no more tasks; what it was still given ends with it."""
        if self._tasks.pop(actor, None) is not None:
            self._ray.kill(actor)
            self._hire()

    def _hire(self) -> None:
        actor = self._kind.remote(*self._given)
        self._starting[actor.start.remote()] = actor
