"""The trade-off of edges against style, for both methods: each over the one dial that governs it.

Two-stage turns lambda, and one-stage the weight of its photorealism loss; both start from the same stage-one image.
A lambda costs one factorisation, a weight a whole optimisation: the results of both are kept, each with its manifest.
"""

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from pipeline.compare.conditions import CLOSED_FORM, optimised
from pipeline.compare.methods import Candidate, CompareError, Gap, find_candidates, sum_up
from pipeline.compare.score_table import Row, means, to_markdown
from pipeline.dataset.config import Config
from pipeline.dataset.inputs import Inputs, load_inputs, working_size
from pipeline.dataset.layouts import Pair
from pipeline.images.photos import Photo, read_photo
from pipeline.run.isolation import isolated
from pipeline.run.plan import Failure
from pipeline.steps.lambdas import FOLDER, IMAGE, due_lambdas, lambda_folder, make_lambdas
from pipeline.steps.network import Network
from pipeline.steps.onestage import ONESTAGE
from pipeline.steps.progress import OnEvent, Said, ignore, underway
from pipeline.steps.staleness import find_state
from pipeline.steps.step import Work
from pipeline.steps.up_to_date import recorded
from pipeline.store.files import hash_array, write_atomically
from pipeline.store.manifest import FAILURE_FILE, publish, read_manifest

if TYPE_CHECKING:
    from pipeline.compare.metrics import Scorer

CSV = "sweep.csv"
"""The report draws it."""

LAMBDAS = (1e-2, 1e-1, 1.0, 10.0)
WEIGHT_FACTORS = (1.0, 10.0, 100.0)
"""Of the configured photorealism weight."""
DIALS = {"two-stage": "lambda", "one-stage": "photorealism_weight"}


class Point(NamedTuple):
    """One method at one setting of its dial, on one pair or in the mean."""

    row: Row
    value: float | None
    """Of the dial; None for a method that has none."""


class Swept(NamedTuple):
    """What a sweep came to."""

    table: str
    """The means as a Markdown table, and what is missing from them."""
    failures: tuple[Failure, ...]


def sweep(pairs: Sequence[Pair], results: Path, config: Config, network: Network, on_event: OnEvent = ignore) -> Swept:
    """Turns both dials on every pair; writes sweep.csv into `results`.

    Args:
        pairs: each needs a stage-one image.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        config: all settings.
        network: the encoder of this run.
        on_event: told what is going on.

    Raises:
        CompareError: no pair could be swept.
        EncoderError: the encoder can't be had.
        OSError: the results can't be written.
    """
    points: list[Point] = []
    failures: list[Failure] = []
    for number, pair in enumerate(pairs, start=1):
        label = f"[{number}/{len(pairs)}] {pair.name}"
        with isolated(failures, pair.name, "sweep", results / pair.name / FOLDER, label, on_event):
            points += list(
                _points(pair, results / pair.name, config, network, label, on_event)
            )  # means are over whole pairs
            (results / pair.name / FOLDER / FAILURE_FILE).unlink(missing_ok=True)
    gaps = [Gap(failure.pair, "the sweep", failure.reason) for failure in failures]
    if not points:
        raise CompareError("\n".join(["no pair could be swept", *sum_up(gaps)]))
    averages = mean_points(points)
    folders = [results / pair.name for pair in pairs]
    weights = [folder / _place(weight, config) for folder in folders for weight in _weights(config)]
    notes = [f"encoder of the style distance: {network.encoder.architecture}."]
    notes += [*optimised("stage one", [folder / "stylize" for folder in folders]), *optimised("one-stage", weights)]
    notes.append(CLOSED_FORM)
    write_atomically(results / CSV, to_csv([*points, *averages]).encode())
    table = to_markdown(map(_named, averages))
    below = "\n".join(f"- {line}" for line in [*notes, *sum_up(gaps)])
    return Swept(f"{table}\n\n{below}", tuple(failures))


def _points(
    pair: Pair, folder: Path, config: Config, network: Network, label: str, on_event: OnEvent
) -> Iterator[Point]:
    from pipeline.compare.metrics import Scorer

    inputs, size = load_inputs(pair, config.size), working_size(config.size)
    candidates = [one for one in find_candidates(pair, folder, inputs, size) if isinstance(one, Candidate)]
    first = next((one for one in candidates if one.method == "stage one"), None)
    if first is None:
        raise ValueError("there is no stage-one image of this size: run `photostyle stylize` first")
    scorer = Scorer(inputs.content, inputs.style, inputs.regions, network.encoder)
    yield from _two_stage(pair, folder, inputs, first.image, config, network, scorer, label, on_event)
    for weight in _weights(config):
        place, titled = folder / _place(weight, config), f"{label} one-stage, weight {weight:g}"
        _bring_up_to_date(pair, place, inputs, first.image, _weighted(config, weight), network, titled, on_event)
        yield Point(_one_stage(pair.name, place, scorer), weight)
    for one in candidates:
        if one.method not in DIALS:
            row = Row(pair.name, one.method, scorer.score(one.image), one.seconds, evaluations=one.evaluations)
            yield Point(row, None)


def _two_stage(
    pair: Pair,
    folder: Path,
    inputs: Inputs,
    link: Photo,
    config: Config,
    network: Network,
    scorer: "Scorer",
    label: str,
    on_event: OnEvent,
) -> Iterator[Point]:
    due = due_lambdas(folder, LAMBDAS, inputs.hashes(), hash_array(link), config)
    make_lambdas(pair, folder, inputs, link, due, config, network, label, on_event)
    for lam in LAMBDAS:
        place = lambda_folder(folder, lam)
        manifest = read_manifest(place)
        seconds = None if manifest is None else sum(manifest.facts.get("step_seconds", {}).values())
        yield Point(Row(pair.name, "two-stage", scorer.score(read_photo(place / IMAGE)), seconds), lam)


def _bring_up_to_date(
    pair: Pair,
    place: Path,
    inputs: Inputs,
    link: Photo,
    config: Config,
    network: Network,
    label: str,
    on_event: OnEvent,
) -> None:
    """The one-stage result in `place`, made where it is not current."""
    wanted = ONESTAGE.recipe(inputs.hashes(), hash_array(link), {}, config)
    assert wanted is not None  # there is a link
    if find_state(place, wanted, config, ONESTAGE.outputs).settled:
        return
    began = time.perf_counter()
    with underway(on_event, label) as on_advance:
        made = ONESTAGE.make(Work(pair, place.parent, inputs, link, config, network, on_advance))
    facts = recorded(ONESTAGE, made, inputs, config, began)
    publish(place, wanted, made.outputs, facts)
    on_event(Said(f"{label}: {facts['seconds']:.1f} s"))


def _one_stage(name: str, place: Path, scorer: "Scorer") -> Row:
    manifest = read_manifest(place)
    facts = manifest.facts if manifest is not None else {}
    scores = scorer.score(read_photo(place / "image.png"))
    return Row(name, "one-stage", scores, facts.get("seconds"), evaluations=facts.get("evaluations"))


def _weights(config: Config) -> list[float]:
    return [config.onestage.photorealism_weight * factor for factor in WEIGHT_FACTORS]


def _place(weight: float, config: Config) -> Path:
    """In a pair's folder: the configured weight's result is the one-stage method's own."""
    configured = weight == config.onestage.photorealism_weight
    return Path("onestage") if configured else Path(FOLDER, f"onestage_{weight:g}")


def _weighted(config: Config, weight: float) -> Config:
    return replace(config, onestage=replace(config.onestage, photorealism_weight=weight))


def mean_points(points: Iterable[Point]) -> list[Point]:
    """Each setting's mean over the pairs that have it, in the order in which the settings first come up."""
    settings: dict[tuple[str, float | None], list[Row]] = {}
    for point in points:
        settings.setdefault((point.row.method, point.value), []).append(point.row)
    return [Point(means(rows)[0], value) for (_, value), rows in settings.items()]


def to_csv(points: Sequence[Point]) -> str:
    """Comma-separated values at full precision, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["pair", "method", "dial", "value", *points[0].row.scores._fields, "evaluations", "seconds"])
    for row, value in points:
        writer.writerow([row.pair, row.method, DIALS.get(row.method), value, *row.scores, row.evaluations, row.seconds])
    return file.getvalue()


def _named(point: Point) -> Row:
    """A row whose method tells its setting."""
    row, value = point
    return row if value is None else row._replace(method=f"{row.method}, {DIALS[row.method]} {value:g}")
