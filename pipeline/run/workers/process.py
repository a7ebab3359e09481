"""A process that does tasks, one after the other, and what passes between it and its parent.

It is ours, and no library's pool: a task tells how far it is while it is at work, one that dies costs its own task
alone, and an interrupt is the parent's.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from pipeline.events.progress import Advance, OnAdvance, OnEvent, underway
from pipeline.networks.loaded import Network, Networks
from pipeline.run.task import Outcome, Task
from pipeline.run.threads import limit_threads
from pipeline.settings.config import Config

PATIENCE_S = 5.0
"""For a worker that was told to stop; longer than writing takes, so that none is stopped in the middle of it."""

Perform = Callable[[Task, Network, OnAdvance], Outcome]
"""Does a task. A process of the pool imports it, and what it needs, by its name."""

spawn = get_context("spawn")  # neither torch nor OpenMP survives a fork


class Ready(NamedTuple):
    """What one that optimises says before its first task."""

    gpu_memory: int | None
    """Bytes of its GPU that nobody has taken; None where it computes on the CPU."""


class Worker:
    """A process, the task it is at, and that task's bar."""

    def __init__(
        self, config: Config, perform: Perform, on_event: OnEvent, *, threads: int, row: int, optimises: bool = False
    ) -> None:
        """Starts it.

        Args:
            config: for its networks.
            perform: does a task.
            on_event: told how far each task is.
            threads: its share of the cores; one that optimises on the CPU takes them all.
            row: of the screen.
            optimises: whether it is `Ready` before it takes tasks; the others take them at once.
        """
        self.connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(theirs, config, perform, threads, optimises), daemon=True)
        with _interrupts_kept_from_children():
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.optimises, self.starting = optimises, optimises
        self.row, self._on_event, self._bar = row, on_event, ExitStack()
        self._show: OnAdvance

    def give(self, task: Task, *, alone: bool = True) -> None:
        """Has a task done; alone: whether no other process of ours is on its GPU."""
        self.task = task
        self._show = self._bar.enter_context(underway(self._on_event, task.title, self.row))
        with suppress(BrokenPipeError):  # it has just died: `hear` will find out
            self.connection.send((task, alone))

    def hear(self, tell: Callable[[str], object]) -> Outcome | Ready | None:
        """One message from the process, which is there to be read: of its start, or of the end of its task.

        Raises:
            Exception: it concerns all tasks.
        """
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
            case Ready():
                self.starting = False
                return message
            case Outcome():
                self._end()
                if message.spent:
                    self.see_off()
                return message
            case Exception():
                self._end()
                raise message
        return None

    @property
    def gone(self) -> bool:
        """Whether it has ended, and all that it said was heard."""
        return self.task is None and not self.starting and not self.process.is_alive()

    def _end(self) -> None:
        self._bar.close()
        self.task, self.starting = None, False

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
        if self.task is None and not self.starting:
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


def _work(parent: Connection, config: Config, perform: Perform, threads: int, optimises: bool) -> None:
    """What a worker does: tasks in; texts, steps and one outcome for each task out. An exception ends the whole run."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    networks = Networks(config, tell=parent.send)
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):  # there is nothing more to do, or the parent is gone
        try:
            ready = Ready(networks.of(True).gpu_memory) if optimises else None
        except Exception as error:
            parent.send(error)
            return
        if ready is None or ready.gpu_memory is not None:
            limit_threads(threads)
        if ready is not None:
            parent.send(ready)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises, so that what is half done is cleaned up
        while True:
            task, alone = parent.recv()
            network = networks.of(task.on_gpu)
            network.alone = alone
            try:
                message: Outcome | Exception = perform(task, network, parent.send)
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
