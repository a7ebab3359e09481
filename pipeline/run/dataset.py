"""A dataset through all its steps: the application, which the command line calls and whose events it shows."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.compare.methods import TABLE
from pipeline.dataset.opening import choose_pairs
from pipeline.dataset.pairs import Dataset, Fault, Pair
from pipeline.dataset.results_folder import writing_results
from pipeline.events.progress import OnEvent, Said, ignore, once
from pipeline.events.summary import Summary, failure_line
from pipeline.run.examination import examine, record_faults
from pipeline.run.performing import perform
from pipeline.run.plan import Again, Hire, run
from pipeline.run.schedule import Crew
from pipeline.run.task import Task
from pipeline.run.workers.pool import Workers
from pipeline.settings.config import Config, ConfigError
from pipeline.steps.catalogue import COMPARISON, SUMMARIES, steps_of, with_starts
from pipeline.steps.draft import DRAFT
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step, Whole

SettingsOf = Callable[[Pair], Config]


def run_dataset(
    path: Path | Dataset,
    results: Path,
    config: Config,
    on_event: OnEvent = ignore,
    *,
    pairs: Sequence[str] = (),
    settings_of: SettingsOf | None = None,
    steps: Sequence[Step] | None = None,
    force: bool = False,
    retry_failed: bool = False,
    workers: int | None = None,
    hire: Hire | None = None,
) -> Summary:
    """Takes the pairs of a dataset through their steps, as far as there is anything to do.

    Args:
        path: the folder of pairs, or the pairs of no folder.
        results: the results go to this folder, in a folder of the dataset's name.
        config: all settings.
        on_event: told what is going on; nothing is printed.
        pairs: only these; none for all.
        settings_of: all settings of one pair, where it has some of its own.
        steps: only these; None for all of them. After the scores come their table and the report.
        force: do again what is current; what is somebody else's is copied first.
        retry_failed: try again what failed before, though nothing has changed.
        workers: processes beside those that optimise, at most; None for what the machine has room for.
        hire: gets those who do the tasks; None for processes on this machine.

    Raises:
        ConfigError: settings that can't be used.
        DatasetError: no dataset, or pairs that it hasn't got, or the results are another dataset's.
        NetworkError: the network can't be had.
        LockedError: another run writes to the results.
        OSError: the results can't be written.
    """
    began = time.perf_counter()
    steps = steps_of(config) if steps is None else steps
    if config.smooth.solver == "pardiso" and SMOOTH in steps:
        _find_mkl()  # before stage one takes its minutes
    dataset, tell = choose_pairs(path, config, pairs), once(on_event)
    for unused in dataset.unused:
        on_event(Said(f"note: {unused.text}"))
    if DRAFT in steps and config.size == "native":
        on_event(Said("note: drafts have the working size; photostyle transfer --draft keeps the photo's own"))

    def crew(tasks: Sequence[Task], on_event: OnEvent) -> AbstractContextManager[Crew]:
        return Workers(tasks, config, perform, on_event, tell, workers)

    with writing_results(results, dataset) as folder:
        found = examine(dataset, folder, with_starts(steps), settings_of or (lambda pair: config), prepare=True)
        for failure in found.failures:
            on_event(Said(f"fault: {failure_line(failure)}"))
        record_faults(found, folder)
        sound = tuple(one.pair for one in found.sound)
        faults = tuple(Fault(one.pair, one.reason) for one in found.failures)
        whole, compared = Whole(dataset.name, sound, faults, folder, config), all(step in steps for step in COMPARISON)
        again, summaries = Again(force, retry_failed), SUMMARIES if compared else ()
        summary = run(found.sound, folder, steps, again, hire or crew, on_event, whole, summaries)
        if compared and (folder / TABLE).exists():
            summary = summary._replace(table=(folder / TABLE).read_text("utf-8").partition("\n\n")[2].strip())
    return summary._replace(
        failures=(*found.failures, *summary.failures), folder=folder, seconds=time.perf_counter() - began
    )


def _find_mkl() -> None:
    from stages.smooth.solvers.pardiso import find_mkl

    try:
        find_mkl()
    except ModuleNotFoundError as error:
        raise ConfigError(str(error)) from error
