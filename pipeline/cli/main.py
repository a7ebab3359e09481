"""The command line: `photostyle run|segment|stylize|smooth|onestage|compare|ui|explain|status|doctor|weights`."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
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
    Working,
)  # fmt: skip
from pipeline.cli.photo_commands import LookApply, LookExport, LookFit, LookMake, Transfer
from pipeline.cli.screen import Screen, say
from pipeline.cli.status import status_table
from pipeline.dataset.config import ConfigError, Size
from pipeline.dataset.found_masks import OVERLAY, with_found_masks
from pipeline.dataset.inputs import InputError, load_inputs
from pipeline.dataset.layouts import Dataset, DatasetError, Pair
from pipeline.images.raster import ImageError
from pipeline.looks.look_file import LookError
from pipeline.networks.semantic_model import SemanticModelError
from pipeline.run.cluster import Cluster
from pipeline.run.dataset import choose_pairs, run_dataset
from pipeline.run.plan import Failure, Summary, examine, failure_line, results_folder, writing_results
from pipeline.run.task import ClusterError, Task
from pipeline.steps.catalogue import COMPARISON, finder_of, steps_of, with_masks
from pipeline.steps.native import NATIVE
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.stylize import STYLIZE
from pipeline.steps.summaries.lambdas import steps_over
from pipeline.steps.summaries.sweep import steps_of_sweep
from pipeline.store.files import LockedError
from pipeline.store.system_errors import in_words
from pipeline.upkeep.network import EncoderError
from pipeline.upkeep.progress import OnEvent
from pipeline.upkeep.step import Step

FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130
TOLD = (
    ClusterError,
    EncoderError,
    ImageError,
    InputError,
    LockedError,
    LookError,
    SemanticModelError,
)
"""Errors whose words are for the user."""


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
    except TOLD as error:
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
        case Transfer() | LookMake() | LookApply() | LookFit() | LookExport():
            from pipeline.cli.on_photos import work_on_photos

            summary = work_on_photos(command, Screen())
            say(_summary_line(summary))
            return FAILED if summary.failures else 0
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


def _work(command: Working, steps: Sequence[Step]) -> int:
    summary = _run(command, steps)
    if summary.table and (summary.new_table or isinstance(command, Compare)):
        print(summary.table)
    say(_summary_line(summary))
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
    say("\n".join(_failure_lines(failures)) or f"Done in {summary.folder}.")
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
    examination = examine(dataset, results_folder(command.results, dataset), steps, command.settings_of)
    print(status_table(examination.sound, steps, examination.failures))
    return FAILED if examination.failures else 0


def _weights(command: Weights) -> int:
    from pipeline.networks.downloading import WeightsError
    from pipeline.networks.weights import describe_weights, load_encoder_weights

    if command.fetch:
        try:
            weights = load_encoder_weights(command.encoder)
        except WeightsError as error:
            raise EncoderError(str(error)) from error
        print(f"{weights.architecture} is there and checked, from {weights.source}")
    print("\n".join(describe_weights()))
    return 0


def _chosen(command: OnDataset) -> Dataset:
    return _told(choose_pairs(command.dataset, command.settings, command.pairs))


def _told(dataset: Dataset) -> Dataset:
    for unused in dataset.unused:
        say(f"note: {unused.text}")
    return dataset


def _with_masks(command: OnDataset) -> Dataset:
    dataset = _chosen(command)
    return with_found_masks(dataset, command.results / dataset.name, command.settings)


def _summary_line(summary: Summary) -> str:
    if not summary.done and not summary.failures:
        return f"Nothing to do: all {summary.kept} results in {summary.folder} are current ({summary.seconds:.1f} s)."
    counts = f"{summary.done} made, {summary.kept} current, {len(summary.failures)} failed"
    line = f"{counts} in {summary.seconds:.0f} s; results in {summary.folder}"
    return "\n".join([line, *_failure_lines(summary.failures)])


def _failure_lines(failures: Iterable[Failure]) -> Iterator[str]:
    """One for each pair and reason, with all that it kept from being done."""
    what: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        what.setdefault((failure.pair, failure.reason), []).append(failure.what)
    for (pair, reason), undone in what.items():
        yield f"failed: {failure_line(Failure(pair, ', '.join(undone), reason))}"


if __name__ == "__main__":
    sys.exit(main())
