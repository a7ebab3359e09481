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

    A task waits for those whose results it takes, as far as they are among the tasks; it is left out if the one whose
    image it starts from fails (None is its outcome then). What a pair still lacks goes before the next pair: they are
    finished in about their order. What is only compared with comes after all the rest.

    Raises:
        EncoderError: the encoder can't be had, for any pair.
        OSError: the disk is full.
    """
    ours = {_key(task) for task in tasks}
    waiting = {_key(task): {(task.pair.name, name) for name in task.step.waits_for} & ours for task in tasks}
    of_pair: dict[str, list[Task]] = {}
    ready: dict[bool, deque[Task]] = {True: deque(), False: deque()}
    for task in sorted(tasks, key=lambda task: task.step.compared_only):
        of_pair.setdefault(task.pair.name, []).append(task)
        if not waiting[_key(task)]:
            ready[task.step.network].append(task)
    at_work = 0
    while True:
        for network, queue in ready.items():
            while queue and crew.free(network):
                crew.give(queue.popleft())
                at_work += 1
        if not at_work:
            return
        ended: deque[tuple[Task, Outcome | None]] = deque([crew.wait()])
        at_work -= 1
        while ended:
            task, outcome = ended.popleft()
            yield task, outcome
            followers = [one for one in of_pair[task.pair.name] if _key(task) in waiting[_key(one)]]
            for follower in reversed(followers):
                waiting[_key(follower)].discard(_key(task))
                start = follower.step.start
                if (outcome is None or outcome.error) and start is not None and start.step == task.step.name:
                    of_pair[task.pair.name].remove(follower)
                    ended.append((follower, None))
                elif not waiting[_key(follower)]:
                    queue = ready[follower.step.network]
                    (queue.append if follower.step.compared_only else queue.appendleft)(follower)


def _key(task: Task) -> tuple[str, str]:
    return task.pair.name, task.step.name
