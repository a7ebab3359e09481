"""The order of work, with crews that only keep account of it."""

from collections import deque
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.config import Config
from pipeline.dataset.layouts import Pair
from pipeline.run.schedule import carry_out
from pipeline.run.task import Outcome, Task
from pipeline.steps.make import needs_network
from pipeline.steps.staleness import START, Stage

STAGES: tuple[Stage, ...] = ("stylize", "smooth", "native", "onestage")


def task(pair: int, stage: Stage) -> Task:
    nowhere = Path()
    return Task(Pair(str(pair), nowhere, nowhere), stage, Config(), {}, nowhere, str(pair), False)


def of_pairs(count: int, stages: tuple[Stage, ...] = STAGES) -> list[Task]:
    return [task(pair, stage) for pair in range(count) for stage in stages]


def name(one: Task) -> tuple[str, Stage]:
    return one.pair.name, one.stage


class Crew:
    """Places for the tasks that need the network and for the others; ends them as it is told to."""

    def __init__(self, places: int, failing: set[tuple[str, Stage]], draw: st.DataObject | None = None) -> None:
        self.places, self.failing, self.draw = places, failing, draw
        self.at_work: deque[Task] = deque()
        self.log: list[tuple[str, str, Stage]] = []

    def free(self, network: bool) -> bool:
        return sum(needs_network(one.stage) == network for one in self.at_work) < self.places

    def give(self, task: Task) -> None:
        assert self.free(needs_network(task.stage))
        self.at_work.append(task)
        self.log.append(("begin", *name(task)))

    def wait(self) -> tuple[Task, Outcome]:
        if self.draw is not None:
            self.at_work.rotate(self.draw.draw(st.integers(0, len(self.at_work))))
        task = self.at_work.popleft()
        self.log.append(("end", *name(task)))
        return task, Outcome(error="Error" if name(task) in self.failing else "")


@given(st.data(), st.integers(0, 5), st.integers(1, 3))
def test_every_task_ends_once_and_after_the_one_it_starts_from(data: st.DataObject, pairs: int, places: int) -> None:
    tasks = of_pairs(pairs)
    failing = data.draw(st.sets(st.sampled_from([name(one) for one in tasks])) if tasks else st.just(set()))
    crew = Crew(places, failing, data)
    ended = {}
    for one, outcome in carry_out(tasks, crew):
        assert name(one) not in ended
        ended[name(one)] = outcome
    assert ended.keys() == {name(one) for one in tasks}
    begun = [key[1:] for key in crew.log if key[0] == "begin"]
    assert len(begun) == len(set(begun))
    for (pair, stage), outcome in ended.items():
        start = (pair, START.get(stage))
        if start not in ended:
            assert outcome is not None
        elif ended[start] is None or start in failing:
            assert outcome is None
            assert (pair, stage) not in begun
        else:
            assert crew.log.index(("end", *start)) < crew.log.index(("begin", pair, stage))


def test_a_pair_is_smoothed_while_the_next_stage_of_the_network_runs_and_pairs_end_in_order() -> None:
    crew = Crew(1, set())
    list(carry_out(of_pairs(2, ("stylize", "smooth", "onestage")), crew))
    assert crew.log == [
        ("begin", "0", "stylize"),
        ("end", "0", "stylize"),
        ("begin", "0", "onestage"),
        ("begin", "0", "smooth"),
        ("end", "0", "onestage"),
        ("begin", "1", "stylize"),
        ("end", "0", "smooth"),
        ("end", "1", "stylize"),
        ("begin", "1", "onestage"),
        ("begin", "1", "smooth"),
        ("end", "1", "onestage"),
        ("end", "1", "smooth"),
    ]


def test_a_stage_whose_start_is_not_to_be_done_waits_for_nothing() -> None:
    crew = Crew(1, set())
    assert [name(one) for one, _ in carry_out(of_pairs(2, ("smooth", "native")), crew)] == [
        ("0", "smooth"),
        ("0", "native"),
        ("1", "smooth"),
        ("1", "native"),
    ]
