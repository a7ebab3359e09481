"""The scores of one pair: every image that there is of it judged, and all of them on a contact sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipeline.compare.methods import METHODS, SHEET, Candidate, Gap, painted
from pipeline.compare.score_table import Row, Scores
from pipeline.dataset.inputs import AT_WORK, Inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.contact_sheet import Tile, contact_sheet
from pipeline.images.encoding import encode_png
from pipeline.settings.config import Config, working_size
from pipeline.steps.step import Made, Step, Work, network_memory
from pipeline.steps.summaries.candidates import find_candidates
from pipeline.store.files import read_file
from pipeline.store.hash_cache import Recall
from pipeline.store.manifest import file_hash, read_manifest
from stages.arrays import Photo

FILE = "scores.json"


class PairScores(NamedTuple):
    """The scores of a pair's images, and what is missing from them."""

    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]


def read_scores(folder: Path) -> PairScores | None:
    """What the step left in a pair's folder; None where it is not there, or not as it was written."""
    manifest = read_manifest(folder / SCORES.name)
    if manifest is None or not manifest.intact(folder / SCORES.name):
        return None
    return msgspec.json.decode(read_file(folder / SCORES.name / FILE), type=PairScores)


def _make(work: Work) -> Made:
    pair, inputs = work.pair, work.inputs
    found = list(find_candidates(pair, work.folder, inputs, working_size(work.config.size)))
    candidates = [one for one in found if isinstance(one, Candidate)]
    rows: list[Row] = []
    outputs, facts = dict[str, bytes](), dict[str, Any]()
    if candidates:
        from pipeline.compare.metrics import Scorer

        candidates.insert(0, Candidate("content", inputs.content))
        scorer = Scorer(inputs.content, inputs.style, inputs.regions, work.network.encoder)
        rows = [
            Row(pair.name, one.method, scorer.score(one.image), one.seconds, one.process_peak_mib, one.evaluations)
            for one in candidates
        ]
        outputs[SHEET] = encode_png(_sheet(pair, inputs, candidates, [row.scores for row in rows]), bits=8)
        facts["encoder"] = work.network.encoder.architecture
    scores = PairScores(tuple(rows), tuple(one for one in found if isinstance(one, Gap)))
    return Made({FILE: msgspec.json.encode(scores), **outputs}, facts)


def judged(pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    """The hashes of all images that there are of a pair, by method."""
    images = {method: folder / step / file for method, (step, file) in METHODS.items()} | dict(pair.comparisons)
    hashes = {method: file_hash(path, recall) for method, path in images.items() if path.exists()}
    return {method: digest for method, digest in hashes.items() if digest is not None}


def _sheet(pair: Pair, inputs: Inputs, candidates: Sequence[Candidate], scores: Sequence[Scores]) -> Photo:
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


def _caption(scores: Scores) -> str:
    return (
        f"edge SSIM {scores.edge_ssim:.3f}   style {scores.style_distance:.3f}   "
        f"colour {scores.colour_distance:.3f}   affine {scores.affine_energy:.1e}"
    )


SCORES = Step(
    name="scores",
    version=1,
    make=_make,
    outputs=(FILE, SHEET),
    inputs=AT_WORK,
    after=tuple(step for step, _ in METHODS.values()),
    further=judged,
    memory=network_memory,
    compared_only=True,
    libraries=("numpy", "torch", "scikit-image"),
)
