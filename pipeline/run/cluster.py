"""The tasks of a dataset on a Ray cluster, whose nodes share the folders of the dataset and of the results.

A task of stage one takes a GPU, or the share of one that was asked for; one of stage two a CPU, and the memory that it
reckons with itself. Ray gives the task of a node that dies to another one; there the manifest, as ever, tells what is
done. Nothing but the task and its outcome goes over the network.

Each task computes in one thread, which is the best use of many CPUs at once. Stage two's results are the same as on one
machine, to the last bit; stage one's, on CPUs, are not. On a GPU every task of stage one is a process of its own, as
Ray has it: one that has used a GPU can't change to another for its next task. The encoder is loaded anew each time.
"""

import os
from functools import cache
from typing import Any, Self

import msgspec

from pipeline.dataset.config import Config
from pipeline.images.raster import ImageError
from pipeline.run.task import Outcome, Task, concerns_all, perform
from pipeline.steps.make import EncoderError, Network, needs_network
from pipeline.steps.progress import say, watch
from pipeline.steps.staleness import read_link
from stages.settings import Solver

RETRIES = 3
"""How many deaths of its node, or of its process, a task survives."""
AHEAD = 2
"""Tasks given for each place that the cluster has for them, so that none waits for this process."""


class ClusterError(RuntimeError):
    """There is no such cluster, or its nodes can't do this work."""


class Cluster:
    """The crew of a cluster."""

    def __init__(self, address: str, gpu_share: float, config: Config) -> None:
        """address: as Ray takes it; gpu_share: of a GPU, for a task of stage one; config: the run's.

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
        self._address, self._share, self._config = address, gpu_share, config
        self._at_work: dict[Any, Task] = {}

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
        self._share = self._share if gpus else 0
        cpus = has.get("CPU", 0)
        self._places = {True: gpus / self._share if gpus else cpus, False: cpus}
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self._most_memory = int(max(node.get("memory", 0) for node in nodes))
        say(f"cluster: {len(nodes)} nodes, {cpus:g} CPUs, {gpus:g} GPUs for stage one")
        return self

    def __exit__(self, *error: object) -> None:
        """What is still at work ends with the connection."""
        self._ray.shutdown()

    def free(self, network: bool) -> bool:
        """Whether there are fewer tasks of that kind than keep the cluster busy."""
        given = sum(needs_network(task.stage) == network for task in self._at_work.values())
        return bool(given < AHEAD * max(1, self._places[network]))

    def give(self, task: Task) -> None:
        """Has a task done; returns at once."""
        needs: dict[str, Any] = {"num_cpus": 1, "max_retries": RETRIES, "name": task.title}
        if needs_network(task.stage):
            needs["num_gpus"] = self._share
        elif task.stage == "smooth":
            needs["memory"] = memory_for(task, self._most_memory)
        self._at_work[self._ray.remote(_do).options(**needs).remote(task, msgspec.json.encode(self._config))] = task

    def wait(self) -> tuple[Task, Outcome]:
        """The next task to end.

        Raises:
            EncoderError: the encoder can't be had.
            OSError: the disk is full.
            ClusterError: the nodes can't run it.
        """
        (ended, *_), _ = self._ray.wait(list(self._at_work), num_returns=1)
        task = self._at_work.pop(ended)
        try:
            outcome: Outcome = self._ray.get(ended)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ClusterError) or (isinstance(cause, Exception) and concerns_all(cause)):
                raise cause from None
            raise ClusterError(f"{cause}; every node needs this version of photostyle") from error
        except self._ray.exceptions.RayError as error:  # its node or its process died, again and again
            why = str(error).strip().splitlines()[0]
            return task, Outcome(error=type(error).__name__, reason=why, of_the_system=True)
        return task, outcome


def memory_for(task: Task, most: int) -> int:
    """Bytes to be reserved for a task of stage two: its own estimate for the solver that will do, at most `most`.

    The stage itself looks at the memory that is free, and says what to do where it is too little.
    """
    from stages.smooth.solvers.choice import estimated_bytes

    try:
        link = read_link(task.folder, task.stage)
    except ImageError:
        link = None
    if link is None:
        return 0
    height, width = link.shape[:2]
    solver: Solver = task.config.smooth.solver
    needs = estimated_bytes(height, width)
    if solver == "auto":
        solver = "cholesky" if needs["cholesky"] <= most else "cg"
    return min(needs[solver], most)


def _do(task: Task, config: bytes) -> Outcome:
    """On a node: the task, with lines of progress that Ray brings to the user's screen."""
    import numba

    numba.set_num_threads(1)
    if not task.pair.content.exists():
        raise ClusterError(f"{task.pair.content} is not there on {os.uname().nodename}: every node needs the dataset")
    with watch(task.title) as on_step:
        return perform(task, _network(config), on_step)


@cache
def _network(config: bytes) -> Network:
    """One encoder for all tasks of a process; the configuration as JSON, which can be a key."""
    return Network(msgspec.json.decode(config, type=Config))
