"""In which order tasks are done: each after those whose results it takes, and as many at once as there are workers for.
Whose workers these are, this machine's or a cluster's, is the crew's to know."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from pipeline.run.task import Key, Outcome, Task


class Crew(Protocol):
    """Those who do the tasks."""

    def free(self, task: Task) -> bool:
        """Whether this task can be given now."""

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end, of those that were given.

        Raises:
            NetworkError: the network can't be had, for any pair.
            OSError: the disk is full.
        """


def carry_out(tasks: Sequence[Task], crew: Crew) -> Iterator[tuple[Task, Outcome | None]]:
    """Has all tasks done; gives each with its outcome when it ends.

    A task waits for those that it follows, as far as they are among the tasks; it is left out if one that it requires
    fails (None is its outcome then). What a pair still lacks goes before the next pair: they are finished in about
    their order. What is only compared with comes after all the rest. Those of the GPU and the others don't wait for
    each other but where one takes the other's result.

    Raises:
        NetworkError: the network can't be had, for any pair.
        OSError: the disk is full.
    """
    ours = {task.key for task in tasks}
    waiting = {task.key: set(task.follows & ours) for task in tasks}
    followers: dict[Key, list[Task]] = {key: [] for key in ours}
    ready: dict[bool, deque[Task]] = {True: deque(), False: deque()}
    for task in sorted(tasks, key=lambda task: task.last):
        for key in waiting[task.key]:
            followers[key].append(task)
        if not waiting[task.key]:
            ready[task.on_gpu].append(task)
    at_work = 0
    while True:
        for queue in ready.values():
            while queue and crew.free(queue[0]):
                crew.give(queue.popleft())
                at_work += 1
        if not at_work:
            return
        ended: deque[tuple[Task, Outcome | None]] = deque([crew.wait()])
        at_work -= 1
        while ended:
            task, outcome = ended.popleft()
            yield task, outcome
            for follower in reversed(followers[task.key]):
                if follower.key not in waiting:  # left out already, for want of another
                    continue
                waiting[follower.key].discard(task.key)
                if (outcome is None or outcome.error) and task.key in follower.requires:
                    del waiting[follower.key]
                    ended.append((follower, None))
                elif not waiting[follower.key]:
                    queue = ready[follower.on_gpu]
                    (queue.append if follower.last else queue.appendleft)(follower)
