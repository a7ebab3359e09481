"""The command line: `photostyle run|transfer|look|ui|...`.

A command loads what it needs and nothing else: a look is on a photo before PyTorch and SciPy would be there.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from pipeline.cli.commands import AnyCommand, Doctor, Weights
from pipeline.cli.options.photos import LookApply, LookExport, LookFit, LookMake, Transfer
from pipeline.cli.parser import parse
from pipeline.cli.screen import Screen, say
from pipeline.dataset.inputs import InputError
from pipeline.dataset.pairs import DatasetError
from pipeline.events.errors import NetworkError, in_words
from pipeline.events.summary import FAILED, Summary, summary_line
from pipeline.images.raster import ImageError
from pipeline.looks.look_file import LookError
from pipeline.run.task import ClusterError
from pipeline.settings.config import ConfigError
from pipeline.store.files import LockedError

WRONG_USE = 2
INTERRUPTED = 130
TOLD = (ClusterError, ImageError, InputError, LockedError, LookError, NetworkError)
"""Errors whose words are for the user."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; the exit code is 0, 1 where something failed, 2 for a wrong argument, 130 for Ctrl-C."""
    # Torch's threads would spin while they wait, and take the cores from whatever else runs: measured, half the speed
    # on a machine that is not idle. Read once, when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if isinstance(sys.stdout, TextIOWrapper):  # as on the standard error: what it can't encode is told all the same
        sys.stdout.reconfigure(errors="backslashreplace")
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
        case Transfer() | LookMake():
            from pipeline.cli.actions.photos import work_on_photos

            return _told(work_on_photos(command, Screen()))
        case LookApply() | LookFit() | LookExport():
            from pipeline.cli.actions.looks import work_on_looks

            return _told(work_on_looks(command, Screen()))
        case Doctor():
            from pipeline.cli.doctor import examine_machine, to_mend, verdict

            found = examine_machine()
            print("\n".join([*found, verdict(found)]))
            return FAILED if to_mend(found) else 0
        case Weights():
            return _weights(command)
        case _:
            from pipeline.cli.actions.datasets import work_on_dataset

            return work_on_dataset(command)


def _told(summary: Summary) -> int:
    say(summary_line(summary))
    return FAILED if summary.failures else 0


def _weights(command: Weights) -> int:
    from pipeline.networks.weights import describe_weights, load_encoder_weights

    if command.fetch:
        weights = load_encoder_weights(command.encoder)
        print(f"{weights.architecture} is there and checked, from {weights.source}")
    print("\n".join(describe_weights()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
