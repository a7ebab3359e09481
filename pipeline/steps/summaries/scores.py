"""The scores of one pair: every image that there is of it judged, and all of them on a contact sheet."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.compare.methods import METHODS, SHEET, Candidate, painted
from pipeline.compare.score_table import Row, Scores
from pipeline.dataset.inputs import AT_WORK, Inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.contact_sheet import Tile, contact_sheet
from pipeline.images.encoding import encode_png
from pipeline.steps.step import Made, Step, Work, network_memory
from pipeline.steps.summaries.candidates import find_candidates, judged
from pipeline.steps.summaries.written import SCORE_FILE, PairScores
from stages.arrays import Photo


def _make(work: Work) -> Made:
    pair, inputs = work.pair, work.inputs
    candidates, gaps = find_candidates(work)
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
    scores = PairScores(tuple(rows), tuple(gaps))
    return Made({SCORE_FILE.file: msgspec.json.encode(scores), **outputs}, facts)


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
    name=SCORE_FILE.step,
    version=1,
    make=_make,
    outputs=(SCORE_FILE.file, SHEET),
    inputs=AT_WORK,
    after=tuple(step for step, _ in METHODS.values()),
    further=judged,
    memory=network_memory,
    compared_only=True,
    libraries=("numpy", "torch", "scikit-image"),
)
