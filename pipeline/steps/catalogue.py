"""All steps, earlier ones first."""

from pipeline.dataset.config import Config
from pipeline.steps.native import NATIVE
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.scores import SCORES
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE

STEPS = (STYLIZE, SMOOTH, NATIVE, ONESTAGE, SCORES)


def steps_of(config: Config) -> tuple[Step, ...]:
    """The steps that there are with these settings."""
    return tuple(step for step in STEPS if step is not NATIVE or config.size == "native")
