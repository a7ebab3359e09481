"""The tasks of a dataset on this machine: one process that optimises, and several for all else.

While the GPU styles a pair, the CPU finds the masks of the next, smooths the one before and scores what is there.
Processes of their own also keep the run from harm: one that the system kills for its memory costs a pair, and is
replaced. They are ours, and no library's pool: a task tells how far it is while it is at work, one that dies costs its
own task alone, an interrupt is the parent's, and a pair waits while memory is short.

The threads are shared out so that they don't fight. The process that optimises keeps all cores: on the CPU, the last
bits of torch's sums depend on their number, and must not depend on what else was running. For the same reason torch has
one thread in the others. The rest of their work, mostly CHOLMOD's in one thread, gives the same on any number, and each
has its share of the cores.

Measured once on two cores without a GPU, on a machine that was not quite idle: three short optimisations of stage one
took 16.6 s alone, ten pairs of stage two 14.1 s alone, and both at once 21.7 s, 0.71 of the sum. With all cores for
both it was 36.3 s, more than one after the other; with one for each, 25.3 s. Stage two alone was as fast on one core.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Self

from pipeline.events.progress import Advance, OnAdvance, OnEvent, Said, ignore, once, underway
from pipeline.networks.loaded import Network, Networks
from pipeline.run.task import Outcome, Task
from pipeline.run.workers.cores import available_cores
from pipeline.settings.config import Config
from pipeline.steps.step import WITH_NETWORK
from stages.free_memory import free_memory

PATIENCE_S = 5.0
"""For a worker that was told to stop; longer than writing takes, so that none is stopped in the middle of it."""

Perform = Callable[[Task, Network, OnAdvance], Outcome]
"""Does a task. A process of the pool imports it, and what it needs, by its name."""

spawn = get_context("spawn")  # neither torch nor OpenMP survives a fork


class Workers:
    """The crew of this machine; each of its processes starts with its first task."""

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
            workers: processes beside the one that optimises, at most; None for what the machine has room for.
        """
        self._given, self._on_event, self._tell = (config, perform), on_event, tell or once(on_event)
        cores, self._most = available_cores(), free_memory()
        self._optimising = any(task.on_gpu for task in tasks)
        needs = [task.memory(self._most) for task in tasks if not task.on_gpu]
        self._places = room_for(needs, cores - self._optimising, self._most) if workers is None else workers
        self._threads = max(1, cores // (self._places + self._optimising))
        self._optimiser: _Worker | None = None
        self._others: list[_Worker] = []
        if min(len(needs), self._places) > 1:
            chosen = "" if workers is not None else "; --workers takes another number"
            room = f"{cores} cores and {self._most / 1e9:.1f} GB of free memory"
            on_event(Said(f"{self._places} workers for {len(needs)} tasks, on {room}{chosen}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """They end; where a task is cut off, by an interrupt or another's error, nothing of it is left."""
        for worker in self._all():
            worker.dismiss()
        for worker in self._all():
            worker.see_off()

    def free(self, task: Task) -> bool:
        """Whether there is a process for it, and memory beside what those at work may still take."""
        if task.on_gpu:
            return self._optimiser is None or self._optimiser.task is None
        at_work = [one.task for one in self._others if one.task is not None]
        if not at_work:
            return True
        if len(at_work) >= self._places:
            return False
        taken = sum(one.memory(self._most) for one in at_work) + WITH_NETWORK * self._optimising
        return taken + task.memory(self._most) <= self._most

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        if task.on_gpu:
            if self._optimiser is None or not self._optimiser.process.is_alive():
                self._optimiser = _Worker(*self._given, self._on_event, threads=None, row=1)
            self._optimiser.give(task)
            return
        self._others = [worker for worker in self._others if worker.process.is_alive()]
        worker = next((one for one in self._others if one.task is None), None)
        if worker is None:
            rows = {one.row for one in self._others}
            row = next(row for row in count(2) if row not in rows)
            worker = _Worker(*self._given, self._on_event, threads=self._threads, row=row)
            self._others.append(worker)
        worker.give(task)

    def _all(self) -> list["_Worker"]:
        return [*([] if self._optimiser is None else [self._optimiser]), *self._others]

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            NetworkError: the encoder can't be had.
            OSError: the disk is full.
        """
        while True:
            at_work = {worker.connection: worker for worker in self._all() if worker.task is not None}
            for ready in connection.wait(at_work):
                worker = at_work[ready]  # type: ignore[index]
                task, outcome = worker.task, worker.hear(self._tell)
                if task is not None and outcome is not None:
                    return task, outcome


class _Worker:
    """A process, the task it is at, and that task's bar."""

    def __init__(self, config: Config, perform: Perform, on_event: OnEvent, *, threads: int | None, row: int) -> None:
        self.connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(theirs, config, perform, threads), daemon=True)
        with _interrupts_kept_from_children():
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.row, self._on_event, self._bar = row, on_event, ExitStack()
        self._show: OnAdvance

    def give(self, task: Task) -> None:
        self.task = task
        self._show = self._bar.enter_context(underway(self._on_event, task.title, self.row))
        with suppress(BrokenPipeError):  # it has just died: `hear` will find out
            self.connection.send(task)

    def hear(self, tell: Callable[[str], object]) -> Outcome | None:
        """One message from the process, which is there to be read; the outcome if it is at the end of its task."""
        try:
            message: Any = self.connection.recv()
        except (EOFError, OSError):
            reason = self._cause_of_death()
            message = Outcome(error="WorkerDiedError", reason=reason)
        match message:
            case str():
                tell(message)
            case Advance():
                self._show(message)
            case Exception():
                raise message
            case Outcome():
                self._bar.close()
                self.task = None
                if message.spent:
                    self.see_off()
                return message
        return None

    def _cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        if code == -signal.SIGKILL:
            return "the process at work on it was killed, most likely for lack of memory: try a smaller --size"
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"the process at work on it ended {how}"

    def dismiss(self) -> None:
        """Tells it to end: by a signal where it is at work, by the end of its input where it waits for some."""
        self._bar.close()
        if self.task is None:
            self.connection.close()
        else:
            self.process.terminate()

    def see_off(self) -> None:
        """Waits until it has."""
        self.process.join(PATIENCE_S)
        self.process.kill()
        self.process.join()


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Ctrl-C goes to every process of a terminal; the workers, who inherit the mask, are stopped by their parent."""
    resource_tracker.ensure_running()  # or the first start would bring it up, which ends with SIGINT let through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(parent: Connection, config: Config, perform: Perform, threads: int | None) -> None:
    """What a worker does: tasks in; texts, steps and one outcome for each task out. An exception ends the whole run.

    threads: those that it may use beside torch, which has one; None for all, torch's too.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if threads is not None:
        import numba

        os.environ["OMP_NUM_THREADS"] = "1"  # torch's, which is not imported yet, and may never be
        numba.set_num_threads(min(threads, numba.get_num_threads()))
    networks = Networks(config, tell=parent.send)
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):  # there is nothing more to do, or the parent is gone
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises, so that what is half done is cleaned up
        while True:
            task = parent.recv()
            try:
                message: Outcome | Exception = perform(task, networks.of(task.on_gpu), parent.send)
            except Exception as error:
                message = error
            parent.send(message)
            if isinstance(message, Outcome) and message.spent:
                return


def _end_with_parent() -> None:
    """Were it to outlive a parent that is killed, it would write to results that the next run has taken over."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def room_for(needs: Sequence[int], cores: int, memory: int) -> int:
    """How many processes are of use for tasks that need so much memory: one a core, as far as it goes; one at least."""
    return max(1, min(len(needs), cores, memory // max(1, *needs, 1)))
