"""What regions are worth: `python -m tests.benchmarks.bench_regions DATASET [--pairs NAME ...]`.

Two-stage results of pairs that have masks, made with one region, with the regions that are found in the photos, and
with the masks; all scored by the masks. Printed is what share of the masks' gain over one region the found ones keep.
"""

import argparse
import os
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does

import numpy as np

from pipeline.compare.metrics import Scorer
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config
from stages.segment.automatic import automatic_labels
from stages.segment.labels import PALETTE
from stages.segment.remap import match_regions, one_region
from stages.settings import Smooth
from stages.smooth import find_anchor, find_target, smooth
from stages.stylize import stylize

WAYS = ("one region", "found", "masks")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_regions")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--pairs", nargs="*", help="default: all that have masks")
    given = parser.parse_args()
    encoder = Network(Config()).encoder
    print(f"{'':24}" + "".join(f"{way:>24}" for way in WAYS) + "\n" + " " * 24 + 3 * f"{'edges style colour':>24}")
    scores = []
    for pair in open_dataset(given.dataset).pairs:
        if pair.content_mask is None or (given.pairs and pair.name not in given.pairs):
            continue
        inputs = load_inputs(pair, Config().size)
        content, style = inputs.content, inputs.style
        began = perf_counter()
        labels = automatic_labels(content, style, encoder)
        seconds = perf_counter() - began
        found = match_regions(*labels, tuple(PALETTE), content, style, sure=False)
        scorer = Scorer(content, style, inputs.regions, encoder)
        row = []
        for regions in (one_region(content.shape[:2], style.shape[:2]), found, inputs.regions):
            stylized = stylize(content, style, encoder, regions=regions).image.clip(0, 1)
            anchor, dials = find_anchor(content, style, regions), Smooth()
            target = find_target(stylized, anchor, content, dials.emphasis, regions)
            score = scorer.score(smooth(content, target, dials.lam, dials.mu, anchor).image)
            row.append((score.edge_ssim, score.style_distance, score.colour_distance))
        scores.append(row)
        _report(pair.name, np.array(row), f"found in {seconds:.1f} s: {found.count}")
    if not scores:
        raise SystemExit(f"{given.dataset}: no pairs with masks")
    means = np.mean(scores, axis=0)
    _report(f"mean of {len(scores)}", means, "")
    kept = (means[0] - means[1]) / (means[0] - means[2])
    print(f"Found regions keep {kept[1]:.0%} of the masks' gain in style distance, {kept[2]:.0%} in colour distance.")


def _report(name: str, row: np.ndarray, note: str) -> None:
    print(f"{name:24}" + "".join(f"{e:12.3f}{s:6.3f}{c:6.3f}" for e, s, c in row) + f"  {note}", flush=True)


if __name__ == "__main__":
    main()
