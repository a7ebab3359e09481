"""The trade-off of edges against style, for both methods: each over the dials that govern it.

Two-stage turns lambda, then mu, and one-stage the weight of its photorealism loss; both start from the same stage-one
image. A lambda or a mu costs one factorisation, a weight a whole optimisation: the results of both are kept, each as a
step of its own.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.compare.score_table import Row
from pipeline.compare.sweep_table import Point
from pipeline.dataset.inputs import AT_WORK
from pipeline.dataset.pairs import Pair
from pipeline.settings.config import Config
from pipeline.steps.one_stage import ONESTAGE
from pipeline.steps.smooth import smooth_at
from pipeline.steps.step import STAGE_ONE_IMAGE, Made, Step, Work, network_memory
from pipeline.steps.summaries.written import POINT_FILE
from pipeline.store.manifest import file_hash, read_manifest
from pipeline.store.recall import Recall

IMAGE = "image.png"
LAMBDAS = (1e-2, 1e-1, 1.0, 10.0)
MUS = (0.1, 1.0, 10.0, 100.0)
WEIGHT_FACTORS = (0.1, 1.0, 10.0)
"""Of the configured photorealism weight."""


class Stop(NamedTuple):
    """One method at one setting of one of its dials."""

    method: str
    dial: str
    value: float
    step: Step


def steps_of_sweep(config: Config) -> list[Step]:
    """Both methods at each setting of their dials, and the scores of them all."""
    stops = [Stop("two-stage", "lambda", lam, smooth_at("lam", lam)) for lam in LAMBDAS]
    stops += [Stop("two-stage", "mu", mu, smooth_at("mu", mu)) for mu in MUS]
    stops += [Stop("one-stage", "photorealism_weight", w, _onestage_at(w, config)) for w in _weights(config)]
    return [*(stop.step for stop in stops), _scores(stops)]


def _weights(config: Config) -> list[float]:
    return [config.onestage.photorealism_weight * factor for factor in WEIGHT_FACTORS]


def _onestage_at(weight: float, config: Config) -> Step:
    """At the configured weight it is the one-stage method's own."""
    if weight == config.onestage.photorealism_weight:
        return ONESTAGE
    return ONESTAGE._replace(name=f"{POINT_FILE.step}/onestage_{weight:g}", dials=(("photorealism_weight", weight),))


def _scores(stops: list[Stop]) -> Step:
    return Step(
        name=POINT_FILE.step,
        version=2,
        make=partial(_make, stops),
        outputs=(POINT_FILE.file,),
        inputs=AT_WORK,
        needs=tuple(stop.step.name for stop in stops),
        further=partial(_scored, stops),
        memory=network_memory,
        compared_only=True,
        libraries=("numpy", "torch", "scikit-image"),
    )


def _scored(stops: list[Stop], pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    images = {f"{stop.method} {stop.dial} {stop.value:g}": folder / stop.step.name / IMAGE for stop in stops}
    images["stage one"] = STAGE_ONE_IMAGE.path(folder)
    return {name: file_hash(path, recall) or "" for name, path in images.items()}


def _make(stops: list[Stop], work: Work) -> Made:
    from pipeline.compare.metrics import Scorer

    inputs, encoder = work.inputs, work.network.encoder
    scorer = Scorer(inputs.content, inputs.style, inputs.regions, encoder)
    points = []
    for method, dial, value, step in stops:
        manifest = read_manifest(work.folder / step.name)
        facts = {} if manifest is None else manifest.facts
        scores = scorer.score(work.read(work.folder / step.name / IMAGE))
        row = Row(work.pair.name, method, scores, facts.get("seconds"), evaluations=facts.get("evaluations"))
        points.append(Point(row, dial, value))
    return Made({POINT_FILE.file: msgspec.json.encode(points)}, {"encoder": encoder.architecture})
