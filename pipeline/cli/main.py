"""The command line: `photostyle run|segment|stylize|smooth|onestage|compare|ui|explain|status|doctor|weights`."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from pipeline.cli.arguments import parse
from pipeline.cli.commands import (
    AnyCommand,
    Compare,
    Doctor,
    Explain,
    OnDataset,
    Onestage,
    Run,
    Segment,
    Smooth,
    Status,
    Stylize,
    Ui,
    Weights,
)
from pipeline.cli.status import failure_line, status_table
from pipeline.compare.methods import CompareError
from pipeline.dataset.config import ConfigError, palette_of
from pipeline.dataset.file_names import folded
from pipeline.dataset.inputs import InputError
from pipeline.dataset.layouts import Dataset, DatasetError, open_dataset
from pipeline.images.masks import MaskRules
from pipeline.networks.semantic_model import SemanticModelError
from pipeline.pages.report.report import bring_report_up_to_date
from pipeline.run.cluster import Cluster, ClusterError
from pipeline.run.plan import Again, Examination, Failure, Summary, examine, record_faults, results_folder, run
from pipeline.run.schedule import Crew
from pipeline.run.task import Task
from pipeline.run.workers import Workers
from pipeline.steps.lambdas import sweep_lambdas
from pipeline.steps.make import EncoderError, Network
from pipeline.steps.progress import say, say_once
from pipeline.steps.scores import bring_up_to_date
from pipeline.steps.segment import WAYS, mask_report, segment, with_found_masks
from pipeline.steps.staleness import Stage, stages_of
from pipeline.store.files import LockedError, lock
from pipeline.store.system_errors import in_words

FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; the exit code is 0, 1 where something failed, 2 for a wrong argument, 130 for Ctrl-C."""
    # Torch's threads would spin while they wait, and take the cores from whatever else runs: measured, half the speed
    # on a machine that is not idle. Read once, when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _dispatch(parse(argv or ["--help"]))
    except (ConfigError, DatasetError) as error:
        say(f"photostyle: {error}")
        return WRONG_USE
    except (ClusterError, CompareError, EncoderError, InputError, LockedError, SemanticModelError) as error:
        say(f"photostyle: {error}")
        return FAILED
    except OSError as error:
        say(f"photostyle: {in_words(error)}")
        return FAILED
    except KeyboardInterrupt:
        say("\nStopped. What was finished is kept: the same command goes on from there.")
        return INTERRUPTED


def _dispatch(command: AnyCommand) -> int:
    match command:
        case Run():
            return _work(command, stages_of(command.settings), comparing=True)
        case Segment():
            return _segment(command)
        case Stylize():
            return _work(command, ["stylize"])
        case Smooth():
            stages = [stage for stage in stages_of(command.settings) if stage in ("smooth", "native")]
            return _work(command, stages, lambdas=command.lambdas)
        case Onestage():
            return _work(command, ["onestage"])
        case Compare():
            return _compare(command)
        case Ui():
            return _ui(command)
        case Explain():
            return _explain(command)
        case Status():
            return _status(command)
        case Doctor():
            from pipeline.cli.doctor import examine_machine

            print("\n".join(examine_machine()))
            return 0
        case Weights():
            return _weights(command)


def _work(
    command: Run | Stylize | Smooth | Onestage,
    stages: Sequence[Stage],
    *,
    comparing: bool = False,
    lambdas: Sequence[float] = (),
) -> int:
    if lambdas and "native" in stages:
        raise ConfigError("size native takes one lambda: several are laid side by side at the working size")
    if command.settings.smooth.solver == "pardiso" and "smooth" in stages:
        _find_mkl()  # before stage one takes its minutes
    began = time.perf_counter()
    if command.cluster is not None:  # whose nodes work in other folders
        command = replace(command, dataset=command.dataset.absolute(), results=command.results.absolute())
    dataset = _chosen(command)
    folder = results_folder(command.results, dataset)
    failures: tuple[Failure, ...] = ()
    tell = say_once()
    with lock(folder):
        finds_masks = command.settings.masks in WAYS and not {"stylize", "onestage"}.isdisjoint(stages)
        if not finds_masks:
            dataset = _with_masks(command, dataset)
        examination = _examine(command, dataset, folder, stages)
        if finds_masks and any(one.pair.content_mask is None for one in examination.sound):
            network = Network(command.settings, tell)
            segmented, failures = segment(_sound(dataset, examination), folder, command.settings, network, force=False)
            del network  # and its memory
            dataset = _with_masks(command, dataset)
            examination = _examine(command, segmented, folder, stages, examination.failures)
        record_faults(examination, folder)
        if lambdas:
            summary = sweep_lambdas(examination.sound, folder, lambdas, command.settings, force=command.force)
        else:
            again = Again(command.force, command.retry_failed)
            summary = run(examination.sound, folder, stages, again, partial(_crew, command, tell))
        if comparing and summary.done + summary.kept:
            network = Network(command.settings, tell)
            compared = bring_up_to_date(dataset, examination.sound, folder, command.settings, network)
            if not compared.state.settled:
                print(compared.table)
            reported = bring_report_up_to_date(dataset, examination.sound, folder, command.settings)
            for step in (compared, reported):
                summary = summary.counting(1, settled=step.state.settled)
                failures = (*failures, *step.failures)
    failures = (*failures, *examination.failures, *summary.failures)
    say(_summary_line(summary, failures, time.perf_counter() - began, folder))
    return FAILED if failures else 0


def _examine(
    command: OnDataset, dataset: Dataset, folder: Path, stages: Sequence[Stage], known: tuple[Failure, ...] = ()
) -> Examination:
    """What there is of a dataset; each fault is told, but for those that are known."""
    examination = examine(dataset, folder, stages, command.settings_of)
    for failure in examination.failures:
        say(f"fault: {failure_line(failure)}")
    return examination._replace(failures=(*known, *examination.failures))


def _sound(dataset: Dataset, examination: Examination) -> Dataset:
    """The pairs without a fault."""
    return dataset._replace(pairs=tuple(one.pair for one in examination.sound), faults=())


def _find_mkl() -> None:
    from stages.smooth.solvers.pardiso import find_mkl

    try:
        find_mkl()
    except ModuleNotFoundError as error:
        raise ConfigError(str(error)) from error


def _segment(command: Segment) -> int:
    dataset = _chosen(command)
    folder = results_folder(command.results, dataset)
    with lock(folder):
        examination = _examine(command, dataset, folder, [])
        sound = _sound(dataset, examination)
        dataset, failures = segment(sound, folder, command.settings, Network(command.settings), force=command.force)
    failures = (*examination.failures, *failures)
    for pair in dataset.pairs:
        lines, faults = mask_report(pair, command.settings.size)
        print("\n  ".join([pair.name, *lines]))
        failures += faults
    say("\n".join(f"failed: {failure_line(failure)}" for failure in failures) or f"Done in {folder}.")
    return FAILED if failures else 0


def _crew(
    command: Run | Stylize | Smooth | Onestage, tell: Callable[[str], object], tasks: Sequence[Task]
) -> AbstractContextManager[Crew]:
    """Those who do the tasks: two processes here, or a cluster."""
    if command.cluster is None:
        return Workers(tasks, command.settings, tell)
    return Cluster(command.cluster, command.gpu_share, command.settings)


def _compare(command: Compare) -> int:
    dataset = _with_masks(command, _chosen(command))
    folder = results_folder(command.results, dataset)
    with lock(folder):
        examination = _examine(command, dataset, folder, [])
        network, failures = Network(command.settings), examination.failures
        if command.sweep:  # first: it makes the one-stage results that are missing
            from pipeline.steps.sweep import sweep

            sound = dataset._replace(pairs=tuple(one.pair for one in examination.sound))
            swept = sweep(sound, folder, command.settings, network)
            print(swept.table, end="\n\n")
            failures = (*failures, *swept.failures)
        compared = bring_up_to_date(dataset, examination.sound, folder, command.settings, network)
        print(compared.table)
        reported = bring_report_up_to_date(dataset, examination.sound, folder, command.settings)
        failures = (*failures, *compared.failures, *reported.failures)
    for failure in failures:
        say(f"failed: {failure_line(failure)}")
    return FAILED if failures else 0


def _ui(command: Ui) -> int:
    from pipeline.live.server import serve

    dataset = _with_masks(command, _chosen(command))
    serve(dataset, command.results / dataset.name, command.settings, command.settings_of, command.port)
    return 0


def _explain(command: Explain) -> int:
    from pipeline.pages.explanation import explain

    dataset = _with_masks(command, _chosen(command))
    if not dataset.pairs:
        raise DatasetError("\n".join(f"{fault.pair}: {fault.text}" for fault in dataset.faults))
    folder = results_folder(command.results, dataset)
    with lock(folder):
        print(explain(dataset.pairs[0], folder))
    return 0


def _status(command: Status) -> int:
    dataset = _with_masks(command, _chosen(command))
    stages = stages_of(command.settings)
    examination = examine(dataset, command.results / dataset.name, stages, command.settings_of)
    print(status_table(examination.sound, stages, examination.failures))
    return FAILED if examination.failures else 0


def _weights(command: Weights) -> int:
    from pipeline.networks.weights import WeightsError, describe_weights, load_encoder_weights

    if command.fetch:
        try:
            weights = load_encoder_weights(command.encoder)
        except WeightsError as error:
            raise EncoderError(str(error)) from error
        print(f"{weights.architecture} is there and checked, from {weights.source}")
    print("\n".join(describe_weights()))
    return 0


def _chosen(command: OnDataset) -> Dataset:
    """The dataset, with only the pairs that were asked for.

    Raises:
        DatasetError: as for opening it, and for a pair that it hasn't got.
    """
    dataset = open_dataset(command.dataset)
    rules = MaskRules(palette_of(command.settings), command.settings.strict)
    pairs = (pair._replace(mask_rules=rules) for pair in dataset.pairs)
    if command.settings.masks == "none":
        pairs = (pair._replace(content_mask=None, style_mask=None) for pair in pairs)
    dataset = dataset._replace(pairs=tuple(pairs))
    dataset = _only(dataset, command.pairs) if command.pairs else dataset
    for one in dataset.unused:
        say(f"note: {one.text}")
    return dataset


def _only(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The pairs of these names, in whatever case, and however their accents are composed."""
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


def _with_masks(command: OnDataset, dataset: Dataset) -> Dataset:
    """The dataset, with the masks that were found for pairs without, where they are wanted."""
    way = WAYS.get(command.settings.masks)
    return with_found_masks(dataset, command.results / dataset.name, way) if way else dataset


def _summary_line(summary: Summary, failures: Sequence[Failure], seconds: float, folder: Path) -> str:
    if not summary.done and not failures:
        return f"Nothing to do: all {summary.kept} results in {folder} are current ({seconds:.1f} s)."
    counts = f"{summary.done} made, {summary.kept} current, {len(failures)} failed"
    line = f"{counts} in {seconds:.0f} s; results in {folder}"
    return "\n".join([line, *(f"failed: {failure_line(failure)}" for failure in failures)])


if __name__ == "__main__":
    sys.exit(main())
