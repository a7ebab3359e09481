"""The tasks of a dataset on this machine: one process for the steps that need the network, one for the others.

While the GPU styles a pair, the CPU smooths the pair before it. Processes of their own also keep the run from harm: one
that the system kills for its memory costs a pair, and is replaced.

The threads are shared out so that the two don't fight. Torch on the CPU keeps all cores: the last bits of its sums, and
so its results, depend on their number, and must not depend on what else was running. The other worker takes half of
them while there is work for torch; it is mostly CHOLMOD, in one thread, and its results are the same on any number.

Measured once on two cores without a GPU, on a machine that was not quite idle: three short optimisations of stage one
took 16.6 s alone, ten pairs of stage two 14.1 s alone, and both at once 21.7 s, 0.71 of the sum. With all cores for
both it was 36.3 s, more than one after the other; with one for each, 25.3 s. Stage two alone was as fast on one core.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Self

from pipeline.dataset.config import Config
from pipeline.run.task import Outcome, Task, perform
from pipeline.steps.network import Network
from pipeline.steps.progress import Advance, OnAdvance, OnEvent, ignore, once, underway

PATIENCE_S = 5.0
"""For a worker that was told to stop; longer than writing takes, so that none is stopped in the middle of it."""

spawn = get_context("spawn")  # neither torch nor OpenMP survives a fork


class Workers:
    """The crew of this machine; each of the two starts with its first task."""

    def __init__(
        self,
        tasks: Sequence[Task],
        config: Config,
        on_event: OnEvent = ignore,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """tasks: all that will be given; config: the run's, for its encoder and device; tell: for what they say."""
        self._config, self._on_event, self._tell = config, on_event, tell or once(on_event)
        self._sharing = len({task.step.network for task in tasks}) > 1
        self._workers: dict[bool, _Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """They end; where a task is cut off, by an interrupt or another's error, nothing of it is left."""
        for worker in self._workers.values():
            worker.dismiss()
        for worker in self._workers.values():
            worker.see_off()

    def free(self, network: bool) -> bool:
        """Whether the one for the network, or the other, has nothing to do."""
        return network not in self._workers or self._workers[network].task is None

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        network = task.step.network
        worker = self._workers.get(network)
        if worker is None or not worker.process.is_alive():
            worker = _Worker(self._config, self._on_event, half=self._sharing and not network, row=1 if network else 2)
            self._workers[network] = worker
        worker.give(task)

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            EncoderError: the encoder can't be had.
            OSError: the disk is full.
        """
        while True:
            at_work = {worker.connection: worker for worker in self._workers.values() if worker.task is not None}
            for ready in connection.wait(at_work):
                worker = at_work[ready]  # type: ignore[index]
                task, outcome = worker.task, worker.hear(self._tell)
                if task is not None and outcome is not None:
                    return task, outcome


class _Worker:
    """A process, the task it is at, and that task's bar."""

    def __init__(self, config: Config, on_event: OnEvent, *, half: bool, row: int) -> None:
        self.connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(theirs, config, half), daemon=True)
        with _interrupts_kept_from_children():
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self._on_event, self._row, self._bar = on_event, row, ExitStack()
        self._show: OnAdvance

    def give(self, task: Task) -> None:
        self.task = task
        self._show = self._bar.enter_context(underway(self._on_event, task.title, self._row))
        with suppress(BrokenPipeError):  # it has just died: `hear` will find out
            self.connection.send(task)

    def hear(self, tell: Callable[[str], object]) -> Outcome | None:
        """One message from the process, which is there to be read; the outcome if it is at the end of its task."""
        try:
            message: Any = self.connection.recv()
        except (EOFError, OSError):
            reason = self._cause_of_death()
            killed = self.process.exitcode == -signal.SIGKILL
            message = Outcome(error="WorkerDiedError", reason=reason, of_the_machine=killed)
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


def _work(parent: Connection, config: Config, half: bool) -> None:
    """What a worker does: tasks in; texts, steps and one outcome for each task out. An exception ends the whole run."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if half:
        import numba

        numba.set_num_threads(max(1, numba.get_num_threads() // 2))
    network = Network(config, tell=parent.send)
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):  # there is nothing more to do, or the parent is gone
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises, so that what is half done is cleaned up
        while True:
            task = parent.recv()
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
