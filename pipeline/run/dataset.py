"""A dataset through all its steps: the application, which the command line calls and whose events it shows."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.compare.methods import Gap
from pipeline.dataset.config import Config, ConfigError, palette_of
from pipeline.dataset.file_names import folded
from pipeline.dataset.layouts import Dataset, DatasetError, Pair, open_dataset
from pipeline.images.masks import MaskRules
from pipeline.pages.report.report import bring_report_up_to_date
from pipeline.run.plan import (
    Again,
    Examination,
    Failure,
    Summary,
    examine,
    failure_line,
    record_faults,
    run,
    writing_results,
)
from pipeline.run.schedule import Crew
from pipeline.run.task import Task
from pipeline.run.workers import Workers
from pipeline.steps.catalogue import steps_of
from pipeline.steps.draft import DRAFT
from pipeline.steps.lambdas import sweep_lambdas
from pipeline.steps.native import NATIVE
from pipeline.steps.network import Network
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.progress import OnEvent, Said, ignore, once
from pipeline.steps.scores import SCORES
from pipeline.steps.segment import WAYS, segment, with_found_masks
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE
from pipeline.steps.sweep import sweep
from pipeline.steps.table import bring_table_up_to_date

SettingsOf = Callable[[Pair], Config]
Hire = Callable[[Sequence[Task], OnEvent], AbstractContextManager[Crew]]
"""Gets those who do the tasks; what they say of themselves goes to the callback."""


def run_dataset(
    path: Path | Dataset,
    results: Path,
    config: Config,
    on_event: OnEvent = ignore,
    *,
    pairs: Sequence[str] = (),
    settings_of: SettingsOf | None = None,
    steps: Sequence[Step] | None = None,
    lambdas: Sequence[float] = (),
    sweeping: bool = False,
    force: bool = False,
    retry_failed: bool = False,
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
        lambdas: several, for the smoothing alone: their results are laid side by side.
        sweeping: first turn both methods' dials, and draw the trade-off in the report.
        force: do again what is current; what is somebody else's is copied first.
        retry_failed: try again what failed before, though nothing has changed.
        hire: gets those who do the tasks; None for two processes on this machine.

    Raises:
        ConfigError: settings that can't be used.
        DatasetError: no dataset, or pairs that it hasn't got, or the results are another dataset's.
        EncoderError, SemanticModelError: the network can't be had.
        CompareError: nothing could be compared.
        LockedError: another run writes to the results.
        OSError: the results can't be written.
    """
    began = time.perf_counter()
    steps = steps_of(config) if steps is None else steps
    if lambdas and NATIVE in steps:
        raise ConfigError("size native takes one lambda: several are laid side by side at the working size")
    if config.smooth.solver == "pardiso" and SMOOTH in steps:
        _find_mkl()  # before stage one takes its minutes
    dataset, tell = choose_pairs(path, config, pairs), once(on_event)
    settings_of, failures = settings_of or (lambda pair: config), tuple[Failure, ...]()
    for unused in dataset.unused:
        on_event(Said(f"note: {unused.text}"))

    def crew(tasks: Sequence[Task]) -> AbstractContextManager[Crew]:
        return Workers(tasks, config, on_event, tell) if hire is None else hire(tasks, on_event)

    with writing_results(results, dataset) as folder:
        finds_masks = config.masks in WAYS and any(step in steps for step in (DRAFT, STYLIZE, ONESTAGE))
        if not finds_masks:
            dataset = with_masks(dataset, folder, config)
        examination = examine_and_tell(dataset, folder, steps, settings_of, on_event)
        if finds_masks and any(one.pair.content_mask is None for one in examination.sound):
            network = Network(config, tell)
            segmented, failures = segment(
                only_sound(dataset, examination), folder, config, network, force=False, on_event=on_event
            )
            del network  # and its memory
            dataset, known = with_masks(dataset, folder, config), examination.failures
            examination = examine_and_tell(segmented, folder, steps, settings_of, on_event)
            examination = examination._replace(failures=(*known, *examination.failures))
        record_faults(examination, folder)
        swept = (
            sweep([one.pair for one in examination.sound], folder, config, Network(config, tell), on_event)
            if sweeping
            else None
        )
        if lambdas:
            summary = sweep_lambdas(examination.sound, folder, lambdas, config, force=force, on_event=on_event)
        else:
            summary = run(examination.sound, folder, steps, Again(force, retry_failed), crew, on_event)
        if SCORES in steps and summary.done + summary.kept:
            sound = [one.pair.name for one in examination.sound]
            faults = [Gap(failure.pair, "the pair", failure.reason) for failure in examination.failures]
            table = bring_table_up_to_date(dataset.name, sound, faults, folder, config)
            reported = bring_report_up_to_date(dataset, examination.sound, folder, config, on_event)
            for state in (table.state, reported.state):
                summary = summary.counting(1, settled=state.settled)
            told = table.text if swept is None else f"{swept.table}\n\n{table.text}"
            summary = summary._replace(table=told, new_table=not table.state.settled)
            failures = (*failures, *reported.failures)
    failures = (*failures, *examination.failures, *(() if swept is None else swept.failures), *summary.failures)
    return summary._replace(failures=failures, folder=folder, seconds=time.perf_counter() - began)


def choose_pairs(path: Path | Dataset, config: Config, names: Sequence[str] = ()) -> Dataset:
    """The dataset, with only the pairs that are named, if any are: in whatever case, however accents are composed.

    Raises:
        DatasetError: as for opening it, and for a pair that it hasn't got.
    """
    dataset = open_dataset(path) if isinstance(path, Path) else path
    rules = MaskRules(palette_of(config), config.strict)
    pairs = (pair._replace(mask_rules=rules) for pair in dataset.pairs)
    if config.masks == "none":
        pairs = (pair._replace(content_mask=None, style_mask=None) for pair in pairs)
    dataset = dataset._replace(pairs=tuple(pairs))
    if not names:
        return dataset
    known = dict.fromkeys([*(pair.name for pair in dataset.pairs), *(fault.pair for fault in dataset.faults)])
    wanted = {
        name: [name] if name in known else [one for one in known if folded(one) == folded(name)] for name in names
    }
    if unknown := [name for name, found in wanted.items() if not found]:
        raise DatasetError(f"{dataset.root} has no pair {', '.join(unknown)}; it has {', '.join(known)}")
    chosen = {one for found in wanted.values() for one in found}
    return dataset._replace(
        pairs=tuple(pair for pair in dataset.pairs if pair.name in chosen),
        faults=tuple(fault for fault in dataset.faults if fault.pair in chosen),
        unused=tuple(one for one in dataset.unused if one.pair in chosen),
    )


def examine_and_tell(
    dataset: Dataset, folder: Path, steps: Sequence[Step], settings_of: SettingsOf, on_event: OnEvent
) -> Examination:
    """What there is of a dataset; each fault is told."""
    examination = examine(dataset, folder, steps, settings_of)
    for failure in examination.failures:
        on_event(Said(f"fault: {failure_line(failure)}"))
    return examination


def only_sound(dataset: Dataset, examination: Examination) -> Dataset:
    """The pairs without a fault."""
    return dataset._replace(pairs=tuple(one.pair for one in examination.sound), faults=())


def with_masks(dataset: Dataset, folder: Path, config: Config) -> Dataset:
    """The dataset, with the masks that were found for pairs without, where they are wanted."""
    way = WAYS.get(config.masks)
    return with_found_masks(dataset, folder, way) if way else dataset


def _find_mkl() -> None:
    from stages.smooth.solvers.pardiso import find_mkl

    try:
        find_mkl()
    except ModuleNotFoundError as error:
        raise ConfigError(str(error)) from error
