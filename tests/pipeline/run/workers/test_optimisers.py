"""The processes that optimise, with a GPU that only they believe in: what they do on it is made up, they are not."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numba
import pytest
from threadpoolctl import threadpool_info

from pipeline.dataset.pairs import Pair
from pipeline.events.errors import NetworkError
from pipeline.events.progress import Event, OnAdvance, Said, Underway
from pipeline.networks.loaded import Network
from pipeline.run.schedule import carry_out
from pipeline.run.task import Outcome, PairTask, Task
from pipeline.run.workers import pool, process
from pipeline.run.workers.pool import Workers
from pipeline.run.workers.process import Perform, _work
from pipeline.settings.config import Config
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE

CORES, GPU_MEMORY = 10, 140 * 10**9
SEVERAL = 4
REFUSED = "TEST_FOLDER_OF_THE_REFUSED"
PATIENCE_S = 60.0

Run = Callable[..., dict[str, Outcome]]


def on_a_gpu(*given: object) -> None:
    """A process whose network computes on a GPU, as far as it knows."""
    Network.gpu_memory = property(lambda self: GPU_MEMORY)
    _work(*given)


def on_the_cpu(*given: object) -> None:
    Network.gpu_memory = property(lambda self: None)
    _work(*given)


def on_a_gpu_for_one(*given: object) -> None:
    """Where it asks for the GPU by name, another has it."""
    _work_first(*given, refuse=_refuse)


def on_a_gpu_that_kills_the_second(*given: object) -> None:
    _work_first(*given, refuse=lambda: os._exit(3))


def _work_first(*given: object, refuse: Callable[[], None]) -> None:
    def memory(self: Network) -> int:
        if self._config.device == "cuda":
            Path(os.environ[REFUSED], str(os.getpid())).touch()
            refuse()
        return GPU_MEMORY

    Network.gpu_memory = property(memory)
    _work(*given)


def _refuse() -> None:
    raise NetworkError("device cuda is not available here (another process has it for itself)")


def never(*given: object) -> None:
    os._exit(3)


def together(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """Ends when so many are at work at once."""
    log(task, os.getpid())
    until(lambda: len(list(task.results.parent.glob("*.log"))) >= SEVERAL)
    return Outcome(made=True)


def one_by_one(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """Fails if another is at work."""
    at_work = task.results.parent / "at_work"
    try:
        at_work.touch(exist_ok=False)
    except FileExistsError:
        return Outcome(error="Error", reason="another is at work")
    log(task, os.getpid())
    time.sleep(0.1)
    at_work.unlink()
    return Outcome(made=True)


def after_all_others(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """When those that were refused are gone."""
    until(lambda: len(refused := os.listdir(os.environ[REFUSED])) == SEVERAL - 1 and not any(map(there, refused)))
    return one_by_one(task, network, on_advance)


def there(pid: str) -> bool:
    return Path("/proc", pid).exists()


def one_dies(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    if task.pair.name == "pair2":
        os._exit(3)
    return together(task, network, on_advance)


def all_the_memory(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    """One that needs all of the GPU's memory."""
    log(task, os.getpid())
    return Outcome(made=True) if network.alone else Outcome(error="", reason="full", spent=True, crowded=True)


def threads(task: Task, network: Network, on_advance: OnAdvance) -> Outcome:
    import torch

    of_blas = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
    log(task, torch.get_num_threads(), max(of_blas), numba.get_num_threads())
    return Outcome(made=True)


def log(task: Task, *values: int) -> None:
    with task.results.with_suffix(".log").open("a") as file:
        print(*values, file=file)


def logged(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("*.log")) for line in path.read_text().splitlines()]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def tasks(folder: Path, number: int = 6, step: Step = STYLIZE) -> list[PairTask]:
    pairs = [Pair(f"pair{n}", folder / "content.png", folder / "style.png") for n in range(number)]
    return [PairTask(pair, step, Config(), folder / pair.name, pair.name) for pair in pairs]


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def run(tmp_path: Path, events: list[Event], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Some tasks done on 10 cores, in processes of that kind; the outcomes by pair."""
    monkeypatch.setattr(pool, "available_cores", lambda: CORES)
    monkeypatch.setattr(pool, "free_memory", lambda: 100 * 10**9)

    def run(work: Callable[..., None], perform: Perform, step: Step = STYLIZE, number: int = 6) -> dict[str, Outcome]:
        monkeypatch.setattr(process, "_work", work)
        given = tasks(tmp_path, number, step)
        with Workers([*given, *tasks(tmp_path, 20, SMOOTH)], Config(), perform, events.append) as crew:
            return {task.pair.name: outcome for task, outcome in carry_out(given, crew)}

    return run


def said(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def test_on_a_gpu_several_optimise_at_once(run: Run, tmp_path: Path, events: list[Event]) -> None:
    assert [outcome.made for outcome in run(on_a_gpu, together).values()] == [True] * 6
    assert len(set(logged(tmp_path))) == SEVERAL
    (line,) = said(events)
    assert line.startswith("6 workers for 20 tasks, beside 4 that optimise on the GPU, on 10 cores and 100.0 GB")
    shown = dict[int, str]()
    for event in events:  # no two in one row
        if isinstance(event, Underway) and event.advance is None:
            assert shown.pop(event.row, None) == event.title if event.over else shown.setdefault(event.row, event.title)
    assert shown == {}


def test_on_the_cpu_one_optimises(run: Run, tmp_path: Path, events: list[Event]) -> None:
    assert [outcome.made for outcome in run(on_the_cpu, one_by_one).values()] == [True] * 6
    assert len(set(logged(tmp_path))) == 1
    (line,) = said(events)
    assert line.startswith("9 workers for 20 tasks, on 10 cores and 100.0 GB")


def test_one_that_dies_costs_its_own_task(run: Run, tmp_path: Path) -> None:
    outcomes = run(on_a_gpu, one_dies)
    assert {pair for pair, outcome in outcomes.items() if not outcome.made} == {"pair2"}
    assert outcomes["pair2"].reason == "the process at work on it ended with exit code 3"


def test_where_memory_is_too_small_for_all_one_after_the_other_leaves_until_one_has_it_alone(
    run: Run, tmp_path: Path, events: list[Event]
) -> None:
    assert [outcome.made for outcome in run(on_a_gpu, all_the_memory).values()] == [True] * 6
    notes = said(events)[1:]
    assert notes[-1] == "note: on the GPU, 1 at a time from here: full"
    assert 1 < len(notes) <= SEVERAL


@pytest.mark.parametrize("work", [on_a_gpu_for_one, on_a_gpu_that_kills_the_second])
def test_where_the_gpu_takes_one_process_there_is_one(
    run: Run, work: Callable[..., None], tmp_path: Path, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    (refused := tmp_path / "refused").mkdir()
    monkeypatch.setenv(REFUSED, str(refused))
    assert [outcome.made for outcome in run(work, after_all_others).values()] == [True] * 6
    assert len(set(logged(tmp_path))) == 1
    assert said(events)[-1].startswith("note: on the GPU, 1 at a time from here: ")


def test_one_that_never_starts_costs_a_task_each_time(run: Run) -> None:
    outcomes = run(never, together)
    assert {outcome.reason for outcome in outcomes.values()} == {"the process at work on it ended with exit code 3"}


@pytest.mark.parametrize(
    ("work", "step", "shared"),
    [
        (on_a_gpu, STYLIZE, True),
        (on_the_cpu, STYLIZE, False),
        (on_the_cpu, SMOOTH, True),
    ],
)
def test_one_that_optimises_on_the_cpu_has_all_cores_and_torch_and_blas_have_one_thread_in_all_others(
    run: Run, work: Callable[..., None], step: Step, shared: bool, tmp_path: Path
) -> None:
    run(work, threads, step, 2)
    seen = {tuple(map(int, line.split())) for line in logged(tmp_path)}
    if shared:
        assert seen == {(1, 1, 1)}
    else:  # torch's are the environment's, which the tests set for themselves
        of_blas = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
        assert {each[1:] for each in seen} == {(max(of_blas), numba.get_num_threads())}
