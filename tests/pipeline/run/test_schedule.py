"""The order of work, with crews that only keep account of it."""

from collections import deque
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.pairs import Pair
from pipeline.run.schedule import carry_out
from pipeline.run.task import Outcome, PairTask, Task
from pipeline.settings.config import Config
from pipeline.steps.catalogue import STEPS
from pipeline.steps.native import NATIVE
from pipeline.steps.one_stage import ONESTAGE
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE


def task(pair: int, step: Step) -> Task:
    nowhere = Path()
    return PairTask(Pair(str(pair), nowhere, nowhere), step, Config(), nowhere, str(pair), False)


def of_pairs(count: int, steps: tuple[Step, ...] = STEPS) -> list[Task]:
    return [task(pair, step) for pair in range(count) for step in steps]


def name(one: Task) -> tuple[str, str]:
    return one.pair.name, one.step.name


class Crew:
    """Places for the tasks that need the network and for the others; ends them as it is told to."""

    def __init__(self, places: int, failing: set[tuple[str, str]], draw: st.DataObject | None = None) -> None:
        self.places, self.failing, self.draw = places, failing, draw
        self.at_work: deque[Task] = deque()
        self.log: list[tuple[str, str, str]] = []

    def free(self, task: Task) -> bool:
        return sum(one.on_gpu == task.on_gpu for one in self.at_work) < self.places

    def give(self, task: Task) -> None:
        assert self.free(task)
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
    for one in tasks:
        lost = [key for key in one.requires & ended.keys() if ended[key] is None or key in failing]
        assert (ended[one.key] is None) == bool(lost)
        assert (one.key in begun) != bool(lost)
        for before in one.follows & set(begun) if one.key in begun else ():
            assert crew.log.index(("end", *before)) < crew.log.index(("begin", *one.key))


def test_a_pair_is_smoothed_while_the_next_one_is_stylized_and_what_is_only_compared_with_comes_last() -> None:
    crew = Crew(1, set())
    list(carry_out(of_pairs(2, (STYLIZE, SMOOTH, ONESTAGE)), crew))
    assert crew.log == [
        ("begin", "0", "stylize"),
        ("end", "0", "stylize"),
        ("begin", "1", "stylize"),
        ("begin", "0", "smooth"),
        ("end", "1", "stylize"),
        ("begin", "0", "onestage"),
        ("end", "0", "smooth"),
        ("begin", "1", "smooth"),
        ("end", "0", "onestage"),
        ("begin", "1", "onestage"),
        ("end", "1", "smooth"),
        ("end", "1", "onestage"),
    ]


def test_a_stage_whose_start_is_not_to_be_done_waits_for_nothing() -> None:
    crew = Crew(1, set())
    assert [name(one) for one, _ in carry_out(of_pairs(2, (SMOOTH, NATIVE)), crew)] == [
        ("0", "smooth"),
        ("0", "native"),
        ("1", "smooth"),
        ("1", "native"),
    ]


def test_what_is_only_compared_with_comes_last_also_where_its_start_is_there() -> None:
    crew = Crew(1, set())
    list(carry_out([task(0, ONESTAGE), task(1, STYLIZE), task(1, ONESTAGE)], crew))
    begun = [key[1:] for key in crew.log if key[0] == "begin"]
    assert begun == [("1", "stylize"), ("0", "onestage"), ("1", "onestage")]
