"""Stage two over several lambdas, and the results side by side.

In a pair's folder, `sweep/smooth_<lambda>/` is what `smooth/` would be at that lambda, manifest and all; the trade-off
of `compare --sweep` uses the same, and `sweep/smooth_mu_<mu>/`. `sweep/lambdas/` shows the lambdas that were last asked
for.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.dataset.pairs import Pair
from pipeline.images.contact_sheet import TILE, Tile, contact_sheet
from pipeline.images.encoding import encode_png
from pipeline.images.sizes import shrink
from pipeline.settings.config import Config
from pipeline.steps.smooth import smooth_at
from pipeline.steps.step import STAGE_ONE_IMAGE, Made, Step, Work
from pipeline.store.manifest import file_hash
from pipeline.store.recall import Recall

SHEET, IMAGE = "lambdas.png", "image.png"
LAMBDA = "\N{GREEK SMALL LETTER LAMDA}"
COLUMNS = 4


def steps_over(lambdas: Sequence[float]) -> list[Step]:
    """Stage two at each of these lambdas, all different, and the sheet that shows them."""
    steps = [smooth_at("lam", lam) for lam in lambdas]
    return [*steps, _sheet(lambdas, tuple(step.name for step in steps))]


def _sheet(lambdas: Sequence[float], names: tuple[str, ...]) -> Step:
    return Step(
        name="sweep/lambdas",
        version=1,
        make=partial(_make_sheet, dict(zip(lambdas, names, strict=True))),
        outputs=(SHEET,),
        inputs=("content",),
        start=STAGE_ONE_IMAGE,
        needs=names,
        further=partial(_shown, names),
    )


def _shown(names: Sequence[str], pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    return {name: file_hash(folder / name / IMAGE, recall) or "" for name in names}


def _make_sheet(names: Mapping[float, str], work: Work) -> Made:
    assert work.start is not None  # the step starts from it
    tiles = [
        Tile(f"{LAMBDA} = {lam:g}", shrink(work.read(work.folder / name / IMAGE), TILE)) for lam, name in names.items()
    ]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    first = [Tile("content", work.inputs.content), Tile("stage one", work.start)]
    return Made({SHEET: encode_png(contact_sheet(work.pair.name, [first, *rows]), bits=8)}, {})
