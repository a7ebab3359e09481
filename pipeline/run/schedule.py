"""In which order the steps of a dataset's pairs are done: each after the one it starts from, and as many at once as
there are workers for. Whose workers these are, this machine's or a cluster's, is the crew's to know."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from pipeline.run.task import Outcome, Task


class Crew(Protocol):
    """Those who do the tasks."""

    def free(self, network: bool) -> bool:
        """Whether another task can be given, of those that need the network or of those that don't."""

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end, of those that were given.

        Raises:
            EncoderError: the encoder can't be had, for any pair.
            OSError: the disk is full.
        """


def carry_out(tasks: Sequence[Task], crew: Crew) -> Iterator[tuple[Task, Outcome | None]]:
    """Has all tasks done; gives each with its outcome when it ends.

    A task waits for the one whose image it starts from, if that is among the tasks, and is left out if that fails (None
    is its outcome then). What a pair still lacks goes before the next pair: they are finished in about their order.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    ours = {(task.pair.name, task.step.name) for task in tasks}
    later: dict[tuple[str, str], list[Task]] = {}
    ready: dict[bool, deque[Task]] = {True: deque(), False: deque()}
    for task in tasks:
        start = (task.pair.name, task.step.start.step if task.step.start is not None else "")
        if start in ours:
            later.setdefault(start, []).append(task)
        else:
            ready[task.step.network].append(task)
    at_work = 0
    while True:
        for network, queue in ready.items():
            while queue and crew.free(network):
                crew.give(queue.popleft())
                at_work += 1
        if not at_work:
            return
        task, outcome = crew.wait()
        at_work -= 1
        yield task, outcome
        followers = later.pop((task.pair.name, task.step.name), [])
        if not outcome.error:
            for follower in reversed(followers):
                ready[follower.step.network].appendleft(follower)
            continue
        while followers:
            follower = followers.pop()
            followers += later.pop((follower.pair.name, follower.step.name), [])
            yield follower, None
