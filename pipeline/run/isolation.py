"""What befalls one pair befalls no other, in the steps that take one pair after the other themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.run.plan import Failure
from pipeline.run.task import concerns_all
from pipeline.steps.progress import OnEvent, Said
from pipeline.store.manifest import record_failure
from pipeline.store.system_errors import reason_of


@contextmanager
def isolated(
    failures: list[Failure], pair: str, what: str, folder: Path, label: str, on_event: OnEvent
) -> Iterator[None]:
    """Whatever befalls one pair in this block is added to the failures, told, and written down; the others go on.

    Args:
        failures: those so far.
        pair: its name.
        what: is done with it.
        folder: where it is written down.
        label: what the pair is called on the screen.
        on_event: told of a failure.

    Raises:
        EncoderError, SemanticModelError: the network can't be had, for any pair.
        OSError: the disk is full.
    """
    try:
        yield
    except Exception as error:
        if concerns_all(error):
            raise
        reason = reason_of(error)
        record_failure(folder, f"{type(error).__name__}: {reason}")
        failures.append(Failure(pair, what, reason))
        on_event(Said(f"{label} {what}: FAILED: {reason}"))
