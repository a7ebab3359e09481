"""The tasks of a dataset on a Ray cluster, whose nodes share the folders of the dataset and of the results.

What optimises is done by actors, each of which has a GPU, or the share of one that was asked for, and keeps its encoder
there from task to task. All else is done by tasks that take a CPU and the memory that they reckon with; where there is
no GPU, so is what optimises. This process only tells them what to do, and needs no GPU.

Ray gives the task of a node that dies to another one. An actor dies with its node: its task is given to another actor,
and a new one takes its place as soon as there is a GPU for it. The manifest, as ever, tells what is done. Nothing but
the task and its outcome goes over the network. Each task computes in one thread, which is the best use of many CPUs at
once; what needs no GPU gives the same results as on one machine, to the last bit.
"""

import os
import sys
from functools import cache, partial
from typing import Any, NamedTuple, Self

import msgspec

from pipeline.dataset.config import Config
from pipeline.run.task import Networks, Outcome, PairTask, Task, concerns_all, perform
from pipeline.upkeep.network import EncoderError
from pipeline.upkeep.progress import Lines, OnEvent, Said, ignore

RETRIES = 3
"""How many deaths of its node, or of its process, a task survives."""
AHEAD = 2
"""Tasks given for each place that the cluster has for them, so that none waits for this process."""


class ClusterError(RuntimeError):
    """There is no such cluster, or its nodes can't do this work."""


class Cluster:
    """The crew of a cluster."""

    def __init__(self, address: str, gpu_share: float, config: Config, on_event: OnEvent = ignore) -> None:
        """address: as Ray takes it; gpu_share: of a GPU, for each actor; config: the run's.

        Raises:
            ClusterError: there is no Ray here.
        """
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # lines of progress are alike, and meant to be
        try:
            import ray
        except ImportError as error:
            raise ClusterError("--cluster needs Ray: pip install 'photostyle[cluster]'") from error
        if not 0 < gpu_share <= 1:
            raise ClusterError(f"a task's share of a GPU is above 0 and at most 1, not {gpu_share:g}")
        self._ray: Any = ray
        self._address, self._share, self._config, self._on_event = address, gpu_share, config, on_event
        self._at_work: dict[Any, _Given] = {}
        self._actors: dict[Any, int] = {}
        """How many tasks each has."""

    def __enter__(self) -> Self:
        """Connects.

        Raises:
            ClusterError: nothing answers at the address.
            EncoderError: a GPU is asked for, and there is none.
        """
        try:
            self._ray.init(address=self._address, logging_level="warning")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"no Ray cluster at {self._address}: {error}; `ray start --head` starts one") from error
        has = self._ray.cluster_resources()
        gpus = 0 if self._config.device == "cpu" else has.get("GPU", 0)
        if self._config.device not in ("auto", "cpu") and not gpus:
            raise EncoderError(f"device {self._config.device} is not available: the cluster has no GPU")
        cpus = has.get("CPU", 0)
        self._by_actors, self._places = bool(gpus), max(1, int(cpus))
        for _ in range(int(gpus / self._share)):
            self._hire()
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self._most_memory = int(max(node.get("memory", 0) for node in nodes))
        self._on_event(Said(f"cluster: {len(nodes)} nodes, {cpus:g} CPUs, {gpus:g} GPUs for stage one"))
        return self

    def __exit__(self, *error: object) -> None:
        """What is still at work ends with the connection."""
        self._ray.shutdown()

    def free(self, task: Task) -> bool:
        """Whether there are fewer tasks of its kind than keep the cluster busy."""
        if task.on_gpu and self._by_actors:
            return min(self._actors.values()) < AHEAD
        return len(self._at_work) - sum(self._actors.values()) < AHEAD * self._places

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        self._give(_Given(task))

    def _give(self, given: "_Given") -> None:
        task = given.task
        if task.on_gpu and self._by_actors:
            actor = min(self._actors, key=self._actors.__getitem__)
            self._actors[actor] += 1
            self._at_work[actor.do.remote(task)] = given._replace(actor=actor)
            return
        needs: dict[str, Any] = {"num_cpus": 1, "max_retries": RETRIES, "name": task.title}
        needs["memory"] = task.memory(self._most_memory)
        do = self._ray.remote(_do).options(**needs)
        self._at_work[do.remote(task, msgspec.json.encode(self._config))] = given

    def _hire(self) -> None:
        """One more actor, which starts as soon as there is a GPU for it."""
        actor = self._ray.remote(_Optimiser).options(num_gpus=self._share, num_cpus=0)
        self._actors[actor.remote(msgspec.json.encode(self._config))] = 0

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            EncoderError, SemanticModelError: the network can't be had.
            OSError: the disk is full.
            ClusterError: the nodes can't run it.
        """
        while True:
            (ended, *_), _ = self._ray.wait(list(self._at_work), num_returns=1)
            given = self._at_work.pop(ended)
            if given.actor in self._actors:
                self._actors[given.actor] -= 1
            try:
                outcome: Outcome = self._ray.get(ended)
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause
                if isinstance(cause, ClusterError) or (isinstance(cause, Exception) and concerns_all(cause)):
                    raise cause from None
                raise ClusterError(f"{cause}; every node needs this version of photostyle") from error
            except self._ray.exceptions.RayError as error:  # its node or its process died; if a task's, again and again
                self._replace(given.actor)
                if given.actor is not None and given.deaths < RETRIES:
                    self._give(_Given(given.task, given.deaths + 1))
                    continue
                why = str(error).strip().splitlines()[0]
                return given.task, Outcome(error=type(error).__name__, reason=why, of_the_machine=True)
            if outcome.spent:
                self._replace(given.actor)
            return given.task, outcome

    def _replace(self, actor: Any) -> None:
        """One that is dead, or whose GPU takes no more tasks, by another; what it was still given is given again."""
        if self._actors.pop(actor, None) is not None:
            self._ray.kill(actor)
            self._hire()


class _Given(NamedTuple):
    """A task on the cluster."""

    task: Task
    deaths: int = 0
    """How many of its actors have died."""
    actor: Any = None


class _Optimiser:
    """On a node: whoever has a GPU, or a share of one, and keeps its encoder there."""

    def __init__(self, config: bytes) -> None:
        self._networks = Networks(msgspec.json.decode(config, type=Config))

    def do(self, task: Task) -> Outcome:
        return _perform(task, self._networks)


def _do(task: Task, config: bytes) -> Outcome:
    """On a node: a task of the CPU's."""
    return _perform(task, _networks(config))


def _perform(task: Task, networks: Networks) -> Outcome:
    """With lines of progress that Ray brings to the user's screen."""
    import numba

    numba.set_num_threads(1)
    if isinstance(task, PairTask) and not task.pair.content.exists():
        raise ClusterError(f"{task.pair.content} is not there on {os.uname().nodename}: every node needs the dataset")
    return perform(task, networks.of(task), Lines(task.title, partial(print, file=sys.stderr, flush=True)))


@cache
def _networks(config: bytes) -> Networks:
    """Those of a process, for all of its tasks; the configuration as JSON, which can be a key."""
    return Networks(msgspec.json.decode(config, type=Config))
