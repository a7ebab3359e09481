"""A dataset on a Ray cluster of three nodes on this machine, of which one dies in the middle of the work.

    python -m tests.pipeline.run.workers.node_death FOLDER --pairs 24

makes the pairs and their results in FOLDER, and prints as JSON what was seen. It runs as a process of its own: Ray
changes the process that it is in.
"""

import argparse
import json
import threading
import time
from pathlib import Path

from msgspec.structs import replace
from ray.cluster_utils import Cluster as LocalNodes

from pipeline.cli.main import main as photostyle
from pipeline.dataset.opening import open_dataset
from pipeline.images.encoding import encode_tiff
from pipeline.images.reading import read_photo
from pipeline.run.examination import examine
from pipeline.run.plan import Again, run
from pipeline.run.workers.cluster import Cluster
from pipeline.settings.layers import load_config
from pipeline.steps.catalogue import STEPS
from tests.pipeline.scenes import TINY, scenery

STAGES = ("stylize", "smooth")


def make_dataset(root: Path, count: int) -> Path:
    for number in range(count):
        pair = root / f"pair{number:02}"
        pair.mkdir(parents=True)
        for seed, side in enumerate(("content", "style"), start=2 * number):
            scenery(40, 48, seed).save(pair / f"{side}.png")
    (root / "photostyle.toml").write_text(TINY)
    return root


class Watch(threading.Thread):
    """Sees every version of every manifest that is ever put in its place, and calls once when there are enough."""

    def __init__(self, results: Path, enough: int, then: "threading.Event") -> None:
        super().__init__(daemon=True)
        self.results, self.enough, self.then, self.over = results, enough, then, threading.Event()
        self.versions: dict[str, set[int]] = {}

    def run(self) -> None:
        while not self.over.is_set():
            self.look()
            time.sleep(0.01)
        self.look()

    def look(self) -> None:
        for manifest in self.results.glob("*/*/manifest.json"):
            place = str(manifest.parent.relative_to(self.results))
            self.versions.setdefault(place, set()).add(manifest.stat().st_mtime_ns)
        if len(self.versions) >= self.enough:
            self.then.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--gpus", type=int, default=0, help="of each node, which Ray takes on trust")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    asked = parser.parse_args()
    root, results = make_dataset(asked.folder / "trip", asked.pairs), asked.folder / "out" / "trip"
    results.mkdir(parents=True)
    if "stylize" not in asked.stages:
        for pair in root.glob("pair*"):
            (results / pair.name / "stylize").mkdir(parents=True)
            (results / pair.name / "stylize" / "image.tiff").write_bytes(encode_tiff(read_photo(pair / "style.png")))
    small = {"num_cpus": 1, "num_gpus": asked.gpus, "object_store_memory": 80 * 2**20}
    nodes = LocalNodes(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    others = [nodes.add_node(**small) for _ in range(2)]
    config, half_way = load_config(root, None), threading.Event()
    if asked.gpus:
        config = replace(config, device="auto")
    watch = Watch(results, enough=asked.pairs // 3, then=half_way)
    watch.start()
    killed_at = []

    def kill() -> None:
        half_way.wait()
        killed_at.append(len(watch.versions))
        nodes.remove_node(others[0], allow_graceful=False)

    threading.Thread(target=kill, daemon=True).start()
    began = time.monotonic()
    steps = [step for step in STEPS if step.name in asked.stages]
    examination = examine(open_dataset(root), results, steps, lambda pair: config)
    summary = run(
        examination.sound, results, steps, Again(), lambda tasks, tell: Cluster(nodes.address, 1.0, config, tell)
    )
    seconds = time.monotonic() - began
    watch.over.set()
    watch.join()
    argv = ["smooth", str(root), "--results", str(asked.folder / "out"), "--pairs", "pair00", "--smooth.lambda", "1"]
    code = photostyle([*argv, "--cluster", nodes.address])
    nodes.shutdown()
    seen = {
        "results": summary.done + summary.kept,
        "failures": summary.failures,
        "there_at_the_kill": killed_at,
        "versions": {place: len(times) for place, times in sorted(watch.versions.items())},
        "code": code,
        "seconds": round(seconds, 1),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
