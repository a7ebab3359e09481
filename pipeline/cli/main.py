"""The command line: `photostyle run|segment|stylize|smooth|onestage|compare|ui|explain|status|doctor|weights`."""

import os
import sys
from collections.abc import Sequence
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
    Work,
)  # fmt: skip
from pipeline.cli.photo_commands import LookApply, LookExport, LookFit, LookMake, Transfer
from pipeline.cli.screen import Screen, say
from pipeline.cli.status import status_table
from pipeline.compare.methods import CompareError
from pipeline.dataset.config import ConfigError
from pipeline.dataset.inputs import InputError
from pipeline.dataset.layouts import Dataset, DatasetError
from pipeline.images.raster import ImageError
from pipeline.looks.look_file import LookError
from pipeline.looks.making import MakingError
from pipeline.networks.semantic_model import SemanticModelError
from pipeline.run.cluster import Cluster, ClusterError
from pipeline.run.dataset import choose_pairs, examine_and_tell, only_sound, run_dataset, with_masks
from pipeline.run.plan import Summary, examine, failure_line, results_folder, writing_results
from pipeline.run.task import Task
from pipeline.steps.catalogue import steps_of
from pipeline.steps.native import NATIVE
from pipeline.steps.network import EncoderError, Network
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.progress import OnEvent
from pipeline.steps.scores import SCORES
from pipeline.steps.segment import mask_report, segment
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE
from pipeline.store.files import LockedError
from pipeline.store.system_errors import in_words

FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130
TOLD = (
    ClusterError,
    CompareError,
    EncoderError,
    ImageError,
    InputError,
    LockedError,
    LookError,
    MakingError,
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
        case Run():
            steps = [step for step in steps_of(command.settings) if not step.compared_only]
            return _work(command, steps if command.no_compare else None)
        case Segment():
            return _segment(command)
        case Stylize():
            return _work(command, [STYLIZE])
        case Smooth():
            native = not command.lambdas or command.typed.get("size") == "native"  # several are of the working size
            steps = [step for step in steps_of(command.settings) if step is SMOOTH or (step is NATIVE and native)]
            return _work(command, steps, command.lambdas)
        case Onestage():
            return _work(command, [ONESTAGE])
        case Compare():
            return _compare(command)
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


def _work(
    command: Run | Stylize | Smooth | Onestage, steps: Sequence[Step] | None = None, lambdas: Sequence[float] = ()
) -> int:
    if command.cluster is not None:  # whose nodes work in other folders
        command = replace(command, dataset=command.dataset.absolute(), results=command.results.absolute())
    summary = run_dataset(
        command.dataset,
        command.results,
        command.settings,
        Screen(),
        pairs=command.pairs,
        settings_of=command.settings_of,
        steps=steps,
        lambdas=lambdas,
        force=command.force,
        retry_failed=command.retry_failed,
        hire=None if command.cluster is None else partial(_nodes, command.cluster, command),
    )
    if summary.new_table:
        print(summary.table)
    say(_summary_line(summary))
    return FAILED if summary.failures else 0


def _nodes(address: str, command: Work, tasks: Sequence[Task], on_event: OnEvent) -> Cluster:
    return Cluster(address, command.gpu_share, command.settings, on_event)


def _segment(command: Segment) -> int:
    dataset, screen = _chosen(command), Screen()
    network = Network(command.settings, say)
    with writing_results(command.results, dataset) as folder:
        examination = examine_and_tell(dataset, folder, [], command.settings_of, screen)
        dataset, failures = segment(
            only_sound(dataset, examination), folder, command.settings, network, force=command.force, on_event=screen
        )
    failures = (*examination.failures, *failures)
    for pair in dataset.pairs:
        lines, faults = mask_report(pair, command.settings.size)
        print("\n  ".join([pair.name, *lines]))
        failures += faults
    say("\n".join(f"failed: {failure_line(failure)}" for failure in failures) or f"Done in {folder}.")
    return FAILED if failures else 0


def _compare(command: Compare) -> int:
    summary = run_dataset(
        command.dataset,
        command.results,
        command.settings,
        Screen(),
        pairs=command.pairs,
        settings_of=command.settings_of,
        steps=[SCORES],
        sweeping=command.sweep,
        retry_failed=True,
    )
    print(summary.table)
    for failure in summary.failures:
        say(f"failed: {failure_line(failure)}")
    return FAILED if summary.failures else 0


def _ui(command: Ui) -> int:
    from pipeline.live.server import serve

    if command.dataset is None:
        dataset, results = Dataset("photostyle", Path(), (), ()), Path()
    else:
        dataset = _told(choose_pairs(command.dataset, command.settings, command.pairs))
        dataset = with_masks(dataset, command.results / dataset.name, command.settings)
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
    dataset = _with_masks(command)
    steps = steps_of(command.settings)
    examination = examine(dataset, results_folder(command.results, dataset), steps, command.settings_of)
    print(status_table(examination.sound, steps, examination.failures))
    return FAILED if examination.failures else 0


def _weights(command: Weights) -> int:
    from pipeline.networks.package import WeightsError
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
    return with_masks(dataset, command.results / dataset.name, command.settings)


def _summary_line(summary: Summary) -> str:
    if not summary.done and not summary.failures:
        return f"Nothing to do: all {summary.kept} results in {summary.folder} are current ({summary.seconds:.1f} s)."
    counts = f"{summary.done} made, {summary.kept} current, {len(summary.failures)} failed"
    line = f"{counts} in {summary.seconds:.0f} s; results in {summary.folder}"
    return "\n".join([line, *(f"failed: {failure_line(failure)}" for failure in summary.failures)])


if __name__ == "__main__":
    sys.exit(main())
