"""The tasks of a dataset on a Ray cluster, whose nodes share the folders of the dataset and of the results.

What optimises is done by actors, which keep the GPUs. All else is done by tasks that take a CPU and the memory that
they reckon with; where there is no GPU, so is what optimises. This process only tells them what to do, and needs no
GPU itself.

Ray gives the task of a node that dies to another one; the tasks of an actor that dies are given to others. The
manifest, as ever, tells what is done. Nothing but the task and its outcome goes over the network. Each
task computes in one thread, which is the best use of many CPUs at once; what needs no GPU gives the same results as on
one machine, to the last bit.
"""

import os
from collections import Counter
from functools import cache
from typing import Any, NamedTuple, Self

import msgspec

from pipeline.events.errors import NetworkError, concerns_all
from pipeline.events.progress import OnEvent, Said, ignore
from pipeline.networks.loaded import Networks
from pipeline.run.performing import perform_on_node
from pipeline.run.task import ClusterError, Key, Outcome, Task
from pipeline.run.workers.actors import AHEAD, RETRIES, Actors
from pipeline.settings.config import Config


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
        self._deaths = Counter[Key]()
        """Of actors, by the task that they were given."""

    def __enter__(self) -> Self:
        """Connects.

        Raises:
            ClusterError: nothing answers at the address.
            NetworkError: a GPU is asked for, and there is none.
        """
        try:
            self._ray.init(address=self._address, logging_level="warning")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"no Ray cluster at {self._address}: {error}; `ray start --head` starts one") from error
        has = self._ray.cluster_resources()
        gpus = 0 if self._config.device == "cpu" else has.get("GPU", 0)
        if self._config.device not in ("auto", "cpu") and not gpus:
            raise NetworkError(f"device {self._config.device} is not available: the cluster has no GPU")
        cpus = has.get("CPU", 0)
        self._places = max(1, int(cpus))
        self._actors = Actors(self._ray, gpus, self._share, self._config, perform_on_node) if gpus else None
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self._most_memory = int(max(node.get("memory", 0) for node in nodes))
        self._on_event(Said(f"cluster: {len(nodes)} nodes, {cpus:g} CPUs, {gpus:g} GPUs for stage one"))
        return self

    def __exit__(self, *error: object) -> None:
        """What is still at work ends with the connection."""
        self._ray.shutdown()

    def free(self, task: Task) -> bool:
        """Whether there are fewer tasks of its kind than keep the cluster busy."""
        if task.on_gpu and self._actors is not None:
            return self._actors.free()
        return sum(given.actor is None for given in self._at_work.values()) < AHEAD * self._places

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        if task.on_gpu and self._actors is not None:
            self._actors.give(task)
            return
        needs: dict[str, Any] = {"num_cpus": 1, "max_retries": RETRIES, "name": task.title}
        needs["memory"] = task.memory(self._most_memory)
        do = self._ray.remote(_do).options(**needs)
        self._at_work[do.remote(task, msgspec.json.encode(self._config))] = _Given(task)

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            NetworkError: the network can't be had.
            OSError: the disk is full.
            ClusterError: the nodes can't run it.
        """
        while True:
            starting = list[Any]()
            if self._actors is not None:
                self._at_work |= {ref: _Given(*begun) for ref, begun in self._actors.begun().items()}
                starting = self._actors.starting
            (ended, *_), _ = self._ray.wait([*self._at_work, *starting], num_returns=1)
            if self._actors is not None and ended in starting:
                self._actors.see_start(ended)
            elif (outcome := self._outcome(given := self._at_work.pop(ended), ended)) is not None:
                return given.task, outcome

    def _outcome(self, given: "_Given", ended: Any) -> Outcome | None:
        """What came of a task; None where its actor died, and it is given to another."""
        if self._actors is not None:
            self._actors.ended(given.actor)
        try:
            outcome: Outcome = self._ray.get(ended)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ClusterError) or (isinstance(cause, Exception) and concerns_all(cause)):
                raise cause from None
            raise ClusterError(f"{cause}; every node needs this version of photostyle") from error
        except self._ray.exceptions.RayError as error:  # its node or its process died; if a task's, again and again
            if self._actors is not None and given.actor is not None:
                self._actors.replace(given.actor)
                self._deaths[given.task.key] += 1
                if self._deaths[given.task.key] <= RETRIES:
                    self._actors.give(given.task)
                    return None
            why = str(error).strip().splitlines()[0]
            return Outcome(error=type(error).__name__, reason=why)
        if outcome.spent and self._actors is not None:
            self._actors.replace(given.actor)
        return outcome


class _Given(NamedTuple):
    """A task on the cluster, and the actor that has it, if it is one's."""

    task: Task
    actor: Any = None


def _do(task: Task, config: bytes) -> Outcome:
    """On a node: a task of the CPU's, or of a cluster without a GPU."""
    return perform_on_node(task, _networks(config))


@cache
def _networks(config: bytes) -> Networks:
    """Those of a process, for all of its tasks; the configuration as JSON, which can be a key."""
    return Networks(msgspec.json.decode(config, type=Config))
