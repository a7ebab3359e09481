"""All steps, earlier ones first."""

from pipeline.dataset.config import Config
from pipeline.steps.draft import DRAFT
from pipeline.steps.native import NATIVE
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.scores import SCORES
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE

STEPS = (DRAFT, STYLIZE, SMOOTH, NATIVE, ONESTAGE, SCORES)


def steps_of(config: Config) -> tuple[Step, ...]:
    """The steps that there are with these settings."""
    if config.draft:
        return (DRAFT,)
    left_out = {DRAFT} if config.size == "native" else {DRAFT, NATIVE}
    return tuple(step for step in STEPS if step not in left_out)
