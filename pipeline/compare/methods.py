"""The methods side by side: every image of every pair scored, a table, and a contact sheet for each pair.

Compared are the content itself, stage one, two-stage, one-stage, and any `compare_*` image that lies beside the photos.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.compare.conditions import CLOSED_FORM, optimised
from pipeline.compare.score_table import NOTES, Row, means, to_csv, to_markdown
from pipeline.dataset.config import Config
from pipeline.dataset.inputs import InputError, Inputs, load_inputs, working_size
from pipeline.dataset.layouts import Dataset, Pair
from pipeline.images.contact_sheet import Tile, contact_sheet
from pipeline.images.encoding import encode_png
from pipeline.images.masks import Labels
from pipeline.images.photos import Photo, read_photo, shrink
from pipeline.images.raster import ImageError
from pipeline.run.isolation import isolated
from pipeline.run.plan import Failure
from pipeline.steps.make import Network
from pipeline.steps.progress import say
from pipeline.steps.staleness import LINK, Stage
from pipeline.store.files import write_atomically
from pipeline.store.manifest import FAILURE_FILE, read_manifest
from stages.segment.labels import PALETTE

if TYPE_CHECKING:
    from pipeline.compare.metrics import Scores

CSV, TABLE, SHEET = "metrics.csv", "metrics.md", "contact_sheet.png"

METHODS: dict[str, tuple[Stage, str]] = {
    "stage one": ("stylize", LINK),
    "two-stage": ("smooth", "image.png"),
    "one-stage": ("onestage", "image.png"),
}
"""What the stages' results are called here, and which file is judged: what was written at 8 bits, and of stage one
the image that the others start from."""


class CompareError(ValueError):
    """There is nothing to compare."""


class Gap(NamedTuple):
    """An image that could not be compared."""

    pair: str
    what: str
    why: str


class Comparison(NamedTuple):
    """The scores of a dataset's images, and what is missing from them."""

    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    failures: tuple[Failure, ...]
    """Pairs that could not be scored, which are among the gaps too."""
    encoder: str
    """Whose features the style distance is measured in: figures of different encoders can't be compared."""
    conditions: tuple[str, ...]
    """Under which each method's images were made, one line each."""

    def report(self) -> str:
        """The table with the means below, what the columns mean, and what is missing, as Markdown."""
        notes = [*NOTES, f"encoder of the style distance: {self.encoder}.", *self.conditions]
        parts = [to_markdown([*self.rows, *means(self.rows)]), _as_list(notes)]
        if self.gaps:
            parts.append("Not compared:\n\n" + _as_list(sum_up(self.gaps)))
        return "\n\n".join(parts)


class Candidate(NamedTuple):
    """One image to be judged against the others of its pair."""

    method: str
    image: Photo
    seconds: float | None = None
    process_peak_mib: int | None = None
    evaluations: int | None = None


def compare(dataset: Dataset, results: Path, config: Config, network: Network) -> Comparison:
    """Scores what there is; writes metrics.csv and metrics.md into `results`, a contact sheet into each pair's folder.

    Args:
        dataset: the pairs.
        results: the folder that holds one folder for each pair.
        config: the size at which the results were made, encoder and device.
        network: the encoder of this run; not loaded when there is nothing to score.

    Raises:
        CompareError: no pair has an image to compare, or none could be scored.
        EncoderError: the encoder can't be had.
        OSError: the results can't be written.
    """
    rows: list[Row] = []
    gaps = [Gap(fault.pair, "the pair", fault.text) for fault in dataset.faults]
    failures: list[Failure] = []
    for number, pair in enumerate(dataset.pairs, start=1):
        label = f"[{number}/{len(dataset.pairs)}] {pair.name}"
        with isolated(failures, pair.name, "comparison", results / pair.name, label):
            scored, missing = _compare_pair(pair, results / pair.name, config, network)
            rows += scored
            gaps += missing
            if scored:
                say(f"{label}: {len(scored)} images compared")
    gaps += [Gap(failure.pair, "the comparison", failure.reason) for failure in failures]
    if not rows:
        what = "no pair could be compared" if failures else "nothing to compare: run `photostyle run` first"
        raise CompareError("\n".join([what, *sum_up(gaps)]))
    conditions = tuple(_conditions(dataset, results))
    comparison = Comparison(tuple(rows), tuple(gaps), tuple(failures), network.encoder.architecture, conditions)
    write_atomically(results / CSV, to_csv([*rows, *means(rows)]).encode())
    write_atomically(results / TABLE, f"# {dataset.name}\n\n{comparison.report()}\n".encode())
    return comparison


def _compare_pair(pair: Pair, folder: Path, config: Config, network: Network) -> tuple[list[Row], list[Gap]]:
    """One pair's images scored, and what is missing; its contact sheet is written into `folder`."""
    (folder / SHEET).unlink(missing_ok=True)
    try:
        inputs = load_inputs(pair, config.size)
    except InputError as error:
        return [], [Gap(pair.name, "the pair", line) for line in str(error).splitlines()]
    found = list(find_candidates(pair, folder, inputs, working_size(config.size)))
    gaps = [one for one in found if isinstance(one, Gap)]
    candidates = [one for one in found if isinstance(one, Candidate)]
    if not candidates:
        return [], gaps
    candidates.insert(0, Candidate("content", inputs.content))
    scored = _score(pair, inputs, candidates, network)
    sheet = _sheet(pair, inputs, candidates, [row.scores for row in scored])
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / SHEET, encode_png(sheet, bits=8))
    (folder / FAILURE_FILE).unlink(missing_ok=True)
    return scored, gaps


def find_candidates(pair: Pair, folder: Path, inputs: Inputs, size: int) -> Iterator[Candidate | Gap]:
    """The images that there are of a pair: the stages' in `folder`, others' beside the photos; a gap for each other."""
    for method, (stage, file) in METHODS.items():
        path = folder / stage / file
        if not path.exists():
            yield Gap(pair.name, method, f"not there: run `photostyle {stage}`")
            continue
        manifest = read_manifest(folder / stage)
        facts = manifest.facts if manifest is not None else {}
        try:
            image = _fitting(read_photo(path), inputs, path, "give the --size it was made with")
            spent = facts.get("seconds"), facts.get("process_peak_mib"), facts.get("evaluations")
            yield Candidate(method, image, *spent)
        except ImageError as error:
            yield Gap(pair.name, method, str(error))
    for name, path in sorted(pair.comparisons.items()):
        try:
            image = _fitting(shrink(read_photo(path), size), inputs, path, "save it at the content's size")
            yield Candidate(f"compare_{name}", image)
        except ImageError as error:
            yield Gap(pair.name, f"compare_{name}", str(error))


def _fitting(image: Photo, inputs: Inputs, path: Path, remedy: str) -> Photo:
    if image.shape != inputs.content.shape:
        (height, width), (h, w) = image.shape[:2], inputs.content.shape[:2]
        raise ImageError(f"{path}: is {width}x{height} here, the content {w}x{h}: {remedy}")
    return image


def _score(pair: Pair, inputs: Inputs, candidates: Iterable[Candidate], network: Network) -> list[Row]:
    from pipeline.compare.metrics import Scorer

    scorer = Scorer(inputs.content, inputs.style, inputs.regions, network.encoder)
    return [
        Row(pair.name, one.method, scorer.score(one.image), one.seconds, one.process_peak_mib, one.evaluations)
        for one in candidates
    ]


def _sheet(pair: Pair, inputs: Inputs, candidates: list[Candidate], scores: "list[Scores]") -> Photo:
    tiles = {
        candidate.method: Tile(candidate.method, candidate.image, _caption(scored))
        for candidate, scored in zip(candidates, scores, strict=True)
    }
    sources = [tiles.pop("content"), Tile("style", inputs.style)]
    if inputs.content_labels is not None and inputs.style_labels is not None:
        sources += [
            Tile(f"{side}'s regions", painted(labels))
            for side, labels in (("content", inputs.content_labels), ("style", inputs.style_labels))
        ]
    ours = [tile for method, tile in tiles.items() if method in METHODS]
    theirs = [tile for method, tile in tiles.items() if method not in METHODS]
    return contact_sheet(pair.name, [sources, ours, theirs])


def _conditions(dataset: Dataset, results: Path) -> Iterator[str]:
    for method in ("stage one", "one-stage"):
        yield from optimised(method, [results / pair.name / METHODS[method][0] for pair in dataset.pairs])
    yield CLOSED_FORM


def _caption(scores: "Scores") -> str:
    return (
        f"edge SSIM {scores.edge_ssim:.3f}   style {scores.style_distance:.3f}   "
        f"colour {scores.colour_distance:.3f}   affine {scores.affine_energy:.1e}"
    )


def painted(labels: Labels) -> Photo:
    """A label map in the palette's colours, over again where there are more labels than colours."""
    palette = np.array(list(PALETTE.values()), dtype=np.float32) / np.float32(255)
    colours: Photo = palette[labels % len(palette)]
    return colours


def sum_up(gaps: Iterable[Gap]) -> list[str]:
    """One line for each reason, with the pairs that it holds for."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        pairs.setdefault((gap.what, gap.why), []).append(gap.pair)
    return [f"{what} of {', '.join(names)}: {why}" for (what, why), names in pairs.items()]


def _as_list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
