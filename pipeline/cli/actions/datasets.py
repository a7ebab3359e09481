"""What the commands on a dataset do."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from pipeline.cli.options.datasets import (
    Compare,
    Explain,
    OnDataset,
    Onestage,
    Run,
    Segment,
    Smooth,
    Status,
    Stylize,
    Ui,
    Working,
)  # fmt: skip
from pipeline.cli.screen import Screen, say
from pipeline.dataset.found_masks import OVERLAY, with_found_masks
from pipeline.dataset.inputs import InputError
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import choose_pairs
from pipeline.dataset.pairs import Dataset, DatasetError, Pair
from pipeline.dataset.results_folder import results_folder, writing_results
from pipeline.events.progress import OnEvent
from pipeline.events.summary import FAILED, Failure, Summary, failure_line, failure_lines, summary_line
from pipeline.run.dataset import run_dataset
from pipeline.run.examination import examine
from pipeline.run.staleness import Examined
from pipeline.run.task import Task
from pipeline.run.workers.cluster import Cluster
from pipeline.settings.config import ConfigError, Size
from pipeline.steps.catalogue import COMPARISON, steps_of, with_masks, with_starts
from pipeline.steps.draft import DRAFT
from pipeline.steps.native import NATIVE
from pipeline.steps.one_stage import ONESTAGE
from pipeline.steps.segment import finder_of
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE
from pipeline.steps.summaries.lambdas import steps_over
from pipeline.steps.summaries.sweep import steps_of_sweep

OTHER_SETTINGS = (
    "other settings: made with what stands before the arrow, where what stands after it is asked for. "
    "Give status the options of the run that made them, and they are current."
)


def work_on_dataset(command: OnDataset | Ui) -> int:
    """Does what a command asks for, and returns its exit code.

    Raises:
        ConfigError, DatasetError: the command, the settings or the dataset can't be used.
        ClusterError, InputError, LockedError, NetworkError: as their messages say.
        OSError: the disk is full.
    """
    match command:
        case Run(no_compare=True):
            return _work(command, [step for step in steps_of(command.settings) if not step.compared_only])
        case Run():
            return _work(command, steps_of(command.settings))
        case Segment():
            return _segment(command)
        case Stylize():
            return _work(command, with_masks([STYLIZE], command.settings))
        case Smooth(lambdas=[_, *_] as lambdas):
            if command.typed.get("size") == "native":
                raise ConfigError("size native takes one lambda: several are laid side by side at the working size")
            return _work(command, steps_over(lambdas))
        case Smooth():
            return _work(command, [step for step in steps_of(command.settings) if step in (SMOOTH, NATIVE)])
        case Onestage():
            return _work(command, with_masks([ONESTAGE], command.settings))
        case Compare():
            swept = steps_of_sweep(command.settings) if command.sweep else []
            return _work(command, [*swept, *COMPARISON])
        case Ui():
            return _ui(command)
        case Explain():
            return _explain(command)
        case Status():
            return _status(command)
        case _:
            raise TypeError(f"{command} is no command on a dataset")


def _work(command: Working, steps: Sequence[Step]) -> int:
    summary = _run(command, steps)
    if summary.table and (summary.new_table or isinstance(command, Compare)):
        print(summary.table)
    say(summary_line(summary))
    return FAILED if summary.failures else 0


def _run(command: Working, steps: Sequence[Step]) -> Summary:
    if command.cluster is not None:  # whose nodes work in other folders
        command = replace(command, dataset=command.dataset.absolute(), results=command.results.absolute())
        if command.workers is not None:
            say("--workers is for this machine: the cluster has as many as it has CPUs")
    return run_dataset(
        command.dataset,
        command.results,
        command.settings,
        Screen(),
        pairs=command.pairs,
        settings_of=command.settings_of,
        steps=steps,
        force=command.force,
        retry_failed=command.retry_failed or isinstance(command, Compare),
        workers=command.workers,
        hire=None if command.cluster is None else partial(_nodes, command.cluster, command),
    )


def _nodes(address: str, command: Working, tasks: Sequence[Task], on_event: OnEvent) -> Cluster:
    return Cluster(address, command.gpu_share, command.settings, on_event)


def _segment(command: Segment) -> int:
    summary = _run(command, [finder_of(command.settings)])
    failures = list(summary.failures)
    failed = {failure.pair for failure in failures}
    for pair in with_found_masks(_chosen(command), summary.folder, command.settings).pairs:
        if pair.name in failed:
            continue
        lines, faults = _mask_report(pair, command.settings.size)
        print("\n  ".join([pair.name, *lines]))
        failures += faults
        if pair.content_mask is not None and (overlay := pair.content_mask.with_name(OVERLAY)).exists():
            print(f"  look at {overlay}")
    say("\n".join(failure_lines(failures)) or f"Done in {summary.folder}.")
    return FAILED if failures else 0


def _mask_report(pair: Pair, size: Size) -> tuple[list[str], list[Failure]]:
    """A pair's masks as they are read: classes with their areas, and all that is put right; or what is wrong."""
    try:
        inputs = load_inputs(pair, size)
    except InputError as error:
        return [], [Failure(pair.name, "dataset", line) for line in str(error).splitlines()]
    return [*(inputs.classes or ["no masks: one region"]), *inputs.notes], []


def _ui(command: Ui) -> int:
    from pipeline.live.server import serve

    if command.dataset is None:
        dataset, results = Dataset("photostyle", Path(), (), ()), Path()
    else:
        dataset = _told(choose_pairs(command.dataset, command.settings, command.pairs))
        dataset = with_found_masks(dataset, command.results / dataset.name, command.settings)
        results = results_folder(command.results, dataset)
    serve(dataset, results, command.settings, command.settings_of, command.port)
    return 0


def _explain(command: Explain) -> int:
    from pipeline.pages.explanation import explain

    dataset = _with_masks(command)
    if not dataset.pairs:
        raise DatasetError("\n".join(f"{fault.pair}: {fault.text}" for fault in dataset.faults))
    with writing_results(command.results, dataset) as folder:
        print(explain(dataset.pairs[0], folder))
    return 0


def _status(command: Status) -> int:
    dataset = _chosen(command)
    steps = steps_of(command.settings)
    folder = results_folder(command.results, dataset)
    examination = examine(dataset, folder, with_starts(steps), command.settings_of)
    print(_status_table(examination.sound, steps, examination.failures))
    if DRAFT not in steps and any((folder / pair.name / DRAFT.name).is_dir() for pair in dataset.pairs):
        say(f"note: there are drafts too: `photostyle status {command.dataset} --draft` tells of them")
    return FAILED if examination.failures else 0


def _chosen(command: OnDataset) -> Dataset:
    return _told(choose_pairs(command.dataset, command.settings, command.pairs))


def _told(dataset: Dataset) -> Dataset:
    for unused in dataset.unused:
        say(f"note: {unused.text}")
    return dataset


def _with_masks(command: OnDataset) -> Dataset:
    dataset = _chosen(command)
    return with_found_masks(dataset, command.results / dataset.name, command.settings)


def _status_table(examined: Sequence[Examined], steps: Sequence[Step], failures: Sequence[Failure]) -> str:
    """One row for each pair, one column for each step; the reasons below, and what was put right."""
    rows = [("pair", *(step.name for step in steps))]
    rows += [(one.pair.name, *(_kind(one, step) for step in steps)) for one in examined]
    rows += [(name, *["fault"] * len(steps)) for name in dict.fromkeys(failure.pair for failure in failures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [
        f"{one.pair.name} {name}: {state.kind}: {state.why}"
        for one in examined
        for name, state in one.states.items()
        if state.why
    ]
    reasons += [f"{one.pair.name}: {note}" for one in examined for note in one.notes]
    reasons += [failure_line(failure) for failure in failures]
    if any(state.kind == "other settings" for one in examined for state in one.states.values()):
        reasons.append(OTHER_SETTINGS)
    return "\n".join([*table, *([""] if reasons else []), *reasons])


def _kind(one: Examined, step: Step) -> str:
    """Of the step's result; a dash where the step has nothing to do with the pair."""
    return one.states[step.name].kind if step.name in one.states else "-"
