"""All steps, earlier ones first."""

from collections.abc import Sequence

from pipeline.dataset.found_masks import WAYS
from pipeline.settings.config import Config
from pipeline.steps.draft import DRAFT
from pipeline.steps.native import NATIVE
from pipeline.steps.one_stage import ONESTAGE
from pipeline.steps.segment import SEGMENT, SEMANTIC, finder_of
from pipeline.steps.smooth import SMOOTH
from pipeline.steps.step import Step
from pipeline.steps.stylize import STYLIZE
from pipeline.steps.summaries.report import REPORT
from pipeline.steps.summaries.scores import SCORES
from pipeline.steps.summaries.table import TABLE_OF_SCORES
from pipeline.steps.summaries.view import VIEW

STEPS = (SEGMENT, SEMANTIC, DRAFT, STYLIZE, SMOOTH, NATIVE, ONESTAGE, SCORES, VIEW)
COMPARISON = (SCORES, VIEW)
SUMMARIES = (TABLE_OF_SCORES, REPORT)
"""Of a dataset as a whole, after its pairs were scored."""

STEP_VERSIONS = tuple(step.version for step in (SEGMENT, SEMANTIC, DRAFT, STYLIZE, SMOOTH))
"""Of the code that a result depends on."""


def steps_of(config: Config) -> tuple[Step, ...]:
    """The steps that there are with these settings."""
    if config.draft:
        return with_masks([DRAFT], config)
    left_out = {DRAFT, SEGMENT, SEMANTIC} if config.size == "native" else {DRAFT, SEGMENT, SEMANTIC, NATIVE}
    return with_masks([step for step in STEPS if step not in left_out], config)


def with_masks(steps: Sequence[Step], config: Config) -> tuple[Step, ...]:
    """Some steps, after the one that finds masks for pairs without, if these settings want any found."""
    return (finder_of(config), *steps) if config.masks in WAYS else tuple(steps)


def with_starts(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Some steps, after those that they start from."""
    names = {step.name for step in steps}
    before = {step.start.step for step in steps if step.start is not None} - names
    return (*(step for step in STEPS if step.name in before), *steps)
