"""What a dataset of very many small pairs costs beside its computing: `python -m tests.benchmarks.bench_dataset`.

Stage two of each pair, from a stage-one image that is there. Overhead is what the clock says less what the
stages say that they took, for each pair.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.images.encoding import encode_tiff
from pipeline.store.manifest import read_manifest
from stages.segment.labels import PALETTE

HEIGHT, WIDTH = 40, 48


def make_dataset(root: Path, pairs: int, height: int, width: int) -> None:
    """Pairs with masks."""
    mask = np.empty((height, width, 3), np.uint8)
    mask[: height // 2], mask[height // 2 :] = PALETTE["blue"], PALETTE["green"]
    for number in range(pairs):
        rng = np.random.default_rng(number)
        folder = root / f"pair{number}"
        folder.mkdir(parents=True)
        for side in ("content", "style"):
            Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / f"{side}.png")
            Image.fromarray(mask).save(folder / f"{side}_mask.png")


def make_links(root: Path, results: Path) -> None:
    """A stage-one image for each pair."""
    for number, pair in enumerate(sorted(root.iterdir())):
        link = results / root.name / pair.name / "stylize"
        link.mkdir(parents=True)
        image = np.random.default_rng(number).random((HEIGHT, WIDTH, 3), dtype=np.float32)
        (link / "image.tiff").write_bytes(encode_tiff(image))


def timed(command: str, root: Path, results: Path) -> float:
    """Seconds of a command, from its start to its end."""
    began = time.perf_counter()
    argv = [sys.executable, "-m", "pipeline.cli.main", command, str(root), "--results", str(results)]
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        root, results = Path(folder, "many"), Path(folder, "results")
        make_dataset(root, pairs, HEIGHT, WIDTH)
        make_links(root, results)
        fresh = timed("smooth", root, results)
        made = [read_manifest(place) for place in (results / "many").glob("*/smooth")]
        computed = sum(manifest.facts["seconds"] for manifest in made if manifest is not None)
        print(f"fresh run: {fresh:.1f} s, stages {computed:.1f} s, {1e3 * (fresh - computed) / pairs:.1f} ms a pair")
        first = timed("smooth", root, results)
        print(f"all current, files read for the second time: {first:.2f} s, {1e3 * first / pairs:.1f} ms a pair")
        again = min(timed("smooth", root, results) for _ in range(3))
        print(f"all current and known: {again:.2f} s, {1e3 * again / pairs:.1f} ms a pair")
        print(f"status: {min(timed('status', root, results) for _ in range(3)):.2f} s")


if __name__ == "__main__":
    main()
