"""The tasks of a dataset on this machine: one process that optimises, on a GPU several, and several for all else.

While the GPU styles a pair, the CPU finds the masks of the next, smooths the one before and scores what is there.
Processes of their own also keep the run from harm: one that the system kills for its memory costs a pair, and is
replaced. A pair waits while memory is short.

The threads are shared out so that they don't fight. A process that optimises on the CPU keeps all cores: the last bits
of torch's sums depend on their number, and must not depend on what else was running. For the same reason it is one
alone, and torch has one thread in all others. The rest of their work, mostly CHOLMOD's in one thread, gives the same on
any number, and each has its share of the cores.

Measured once on two cores without a GPU, on a machine that was not quite idle: three short optimisations of stage one
took 16.6 s alone, ten pairs of stage two 14.1 s alone, and both at once 21.7 s, 0.71 of the sum. With all cores for
both it was 36.3 s, more than one after the other; with one for each, 25.3 s. Stage two alone was as fast on one core.

Only a process that has loaded torch knows whether there is a GPU. So the first that optimises says so before its first
task. On a GPU the others are started then; the first tasks have been given by that time, and wait here.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing import connection
from typing import Self

from msgspec.structs import replace

from pipeline.events.errors import reason_of
from pipeline.events.progress import OnEvent, Said, ignore, once
from pipeline.run.task import Outcome, Task
from pipeline.run.workers.cores import available_cores
from pipeline.run.workers.process import Perform, Ready, Worker
from pipeline.run.workers.room import optimisers_for, room_for
from pipeline.settings.config import Config, working_size
from pipeline.steps.step import WITH_NETWORK
from stages.free_memory import free_memory


class Workers:
    """The crew of this machine; its processes start when there are tasks for them, the first that optimises at once."""

    def __init__(
        self,
        tasks: Sequence[Task],
        config: Config,
        perform: Perform,
        on_event: OnEvent = ignore,
        tell: Callable[[str], None] | None = None,
        workers: int | None = None,
    ) -> None:
        """What it takes to do some tasks.

        Args:
            tasks: that will be given first.
            config: the run's, for its encoder and device.
            perform: does a task, in one of the processes.
            on_event: told how far each task is.
            tell: for what the processes say of themselves.
            workers: processes beside those that optimise, at most; None for what the machine has room for.
        """
        self._config, self._perform, self._on_event = config, perform, on_event
        self._tell = tell or once(on_event)
        self._cores, self._memory = available_cores(), free_memory()
        self._needs = [task.memory(self._memory) for task in tasks if not task.on_gpu]
        self._optimisations = sum(task.on_gpu for task in tasks)
        self._chosen = workers
        self._waiting: deque[Task] = deque()
        """Optimisations that were given, for which no process is free yet."""
        self._all: list[Worker] = []
        self._device_known = not self._optimisations or config.device == "cpu"
        self._share_out(1 if self._device_known else optimisers_for(self._optimisations, self._cores, self._memory))
        if self._device_known:
            self._say_how_many()

    def _share_out(self, optimisers: int) -> None:
        """Among so many processes that optimise, at most, and the others."""
        self._most_optimisers = optimisers
        beside = self._cores - self._optimising
        self._places = room_for(self._needs, beside, self._memory) if self._chosen is None else self._chosen

    def _say_how_many(self) -> None:
        several = self._most_optimisers > 1
        if not several and min(len(self._needs), self._places) < 2:
            return
        beside = f", beside {self._most_optimisers} that optimise on the GPU" if several else ""
        chosen = "" if self._chosen is not None else "; --workers takes another number"
        room = f"{self._cores} cores and {self._memory / 1e9:.1f} GB of free memory"
        workers = "1 worker" if self._places == 1 else f"{self._places} workers"
        self._on_event(Said(f"{workers} for {len(self._needs)} tasks{beside}, on {room}{chosen}"))

    def __enter__(self) -> Self:
        if self._optimisations:
            self._start(optimises=True)
        return self

    def __exit__(self, *error: object) -> None:
        """They end; where a task is cut off, by an interrupt or another's error, nothing of it is left."""
        for worker in self._all:
            worker.dismiss()
        for worker in self._all:
            worker.see_off()

    def free(self, task: Task) -> bool:
        """Whether there is a process for it, or will be soon, and memory beside what those at work may still take."""
        if task.on_gpu:
            return len(self._waiting) + len(_busy(self._optimisers)) < self._most_optimisers
        at_work = _busy(self._others)
        if not at_work:
            return True
        if len(at_work) >= self._places:
            return False
        taken = sum(one.memory(self._memory) for one in at_work)
        taken += WITH_NETWORK * self._optimising
        return taken + task.memory(self._memory) <= self._memory

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        if task.on_gpu:
            self._waiting.append(task)
            self._hand_out()
            return
        idle = (worker for worker in self._others if worker.task is None)
        (next(idle, None) or self._start(optimises=False)).give(task)

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            NetworkError: the encoder can't be had.
            OSError: the disk is full.
        """
        while True:
            heard = {worker.connection: worker for worker in self._all if worker.starting or worker.task is not None}
            for ready in connection.wait(heard):
                ended = self._hear(heard[ready])  # type: ignore[index]
                self._hand_out()
                if ended is not None:
                    return ended

    def _hear(self, worker: Worker) -> tuple[Task, Outcome] | None:
        """One message of a process; the task that ended, if one did."""
        task, starting = worker.task, worker.starting
        others = [one for one in self._optimisers if one is not worker]
        try:
            message = worker.hear(self._tell)
        except Exception as error:
            if not (starting and others):
                raise
            worker.see_off()
            self._make_do(len(others), reason_of(error))
            return None
        match message:
            case Ready(gpu_memory):
                self._see_device(gpu_memory)
            case Outcome(crowded=True) if task is not None:
                self._waiting.appendleft(task)
                self._make_do(max(1, len(others)), message.reason)
            case Outcome() if task is not None:
                return task, message
            case Outcome() if others:  # it died while it started
                self._make_do(len(others), message.reason)
            case Outcome() if self._waiting:
                return self._waiting.popleft(), message
        return None

    def _see_device(self, gpu_memory: int | None) -> None:
        """What one that optimises computes on. The first tells how many there can be."""
        if gpu_memory is None:
            self._share_out(1)
        elif not self._device_known:
            on_gpu = gpu_memory, working_size(self._config.size)
            self._share_out(optimisers_for(self._optimisations, self._cores, self._memory, *on_gpu))
        if not self._device_known:
            self._device_known = True
            self._say_how_many()

    def _make_do(self, optimisers: int, reason: str) -> None:
        """With fewer than there might have been."""
        fewer = optimisers < self._most_optimisers
        self._share_out(optimisers)
        if fewer:
            self._on_event(Said(f"note: on the GPU, {optimisers} at a time from here: {reason}"))

    def _hand_out(self) -> None:
        """Optimisations, to those that are free for them; those that are missing are started."""
        idle = [one for one in self._optimisers if one.task is None and not one.starting]
        while self._waiting and idle:
            idle.pop().give(self._waiting.popleft(), alone=self._most_optimisers == 1)
        most = self._most_optimisers if self._device_known else 1
        while len(self._optimisers) < most and len(self._waiting) > sum(one.starting for one in self._optimisers):
            self._start(optimises=True)

    def _start(self, *, optimises: bool) -> Worker:
        self._all = [worker for worker in self._all if not worker.gone]
        taken, config = {worker.row for worker in self._all}, self._config
        if optimises and self._optimisers:
            config = replace(config, device="cuda")  # or, were the GPU this one's alone, it would take the CPU
        threads = max(1, self._cores // (self._places + self._optimising))
        row = next(row for row in count(1) if row not in taken)
        worker = Worker(config, self._perform, self._on_event, threads=threads, row=row, optimises=optimises)
        self._all.append(worker)
        return worker

    @property
    def _optimising(self) -> int:
        """Processes that the machine is shared with, since they optimise."""
        return self._most_optimisers if self._optimisations else 0

    @property
    def _optimisers(self) -> list[Worker]:
        return [worker for worker in self._all if worker.optimises and not worker.gone]

    @property
    def _others(self) -> list[Worker]:
        return [worker for worker in self._all if not worker.optimises and not worker.gone]


def _busy(workers: Sequence[Worker]) -> list[Task]:
    return [worker.task for worker in workers if worker.task is not None]
