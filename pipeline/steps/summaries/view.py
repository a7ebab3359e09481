"""What the report shows of one pair: its pictures, and the places to look at closely."""

import os
import shlex

import msgspec

from pipeline.compare.methods import METHODS
from pipeline.dataset.inputs import AT_WORK
from pipeline.pages.report.gather import gather
from pipeline.steps.step import TWO_STAGE_IMAGE, Made, Step, Work
from pipeline.steps.summaries.candidates import find_candidates, judged
from pipeline.steps.summaries.written import VIEW_FILE


def _make(work: Work) -> Made:
    candidates, gaps = find_candidates(work)
    missing = [f"{gap.what}: {gap.why}" for gap in gaps]
    view = gather(work.pair.name, work.inputs, candidates, missing, _look_command(work)) if candidates else None
    return Made({VIEW_FILE.file: msgspec.json.encode(view)}, {})


def _look_command(work: Work) -> str:
    """Typed where the run was, so that a report that is mailed tells of no folder above."""
    result = TWO_STAGE_IMAGE.path(work.folder)
    if not result.exists():
        return ""
    content, result_here = (os.path.relpath(path) for path in (work.pair.content, result))
    return shlex.join(["photostyle", "look", "fit", content, result_here, "--output", f"{work.pair.name}.look"])


VIEW = Step(
    name=VIEW_FILE.step,
    version=2,
    make=_make,
    outputs=(VIEW_FILE.file,),
    inputs=AT_WORK,
    after=tuple(step for step, _ in METHODS.values()),
    further=judged,
    compared_only=True,
)
