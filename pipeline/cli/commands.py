"""All commands, with those that need no photos."""

import re
from typing import Literal, get_args

from pipeline.cli.options.common import Command
from pipeline.cli.options.datasets import Compare, Explain, Onestage, Run, Segment, Smooth, Status, Stylize, Ui
from pipeline.cli.options.photos import LookApply, LookExport, LookFit, LookMake, Transfer


class Doctor(Command, frozen=True):
    """What this machine has: device, BLAS and SuiteSparse, threads, memory, weights."""


class Weights(Command, frozen=True, kw_only=True):
    """The encoders' weights: where they are, or where they would come from."""

    fetch: bool = False
    """What is not there is fetched and checked."""
    encoder: Literal["auto", "vgg19", "vgg16"] = "auto"
    """The weights of this network are fetched."""


AnyCommand = (
    Run
    | Transfer
    | Segment
    | Stylize
    | Smooth
    | Onestage
    | Compare
    | LookMake
    | LookApply
    | LookFit
    | LookExport
    | Ui
    | Explain
    | Status
    | Doctor
    | Weights
)


def name_of(kind: type[Command]) -> str:
    """How a command is typed: LookApply is "look apply"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


COMMANDS: dict[str, type[Command]] = {name_of(kind): kind for kind in get_args(AnyCommand)}
