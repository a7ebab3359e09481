"""Whether memory stays flat from the first pair to the last: `python -m tests.benchmarks.bench_memory`.

A run of small pairs through all stages, and what each of its processes holds (resident, in MB) after each result of
stage two, and the command itself after each pair that it has scored.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from tests.benchmarks.bench_dataset import make_dataset

HEIGHT, WIDTH = 240, 320
OPTIONS = ["--size", str(WIDTH), "--masks", "given", "--encoder", "vgg16"]
OPTIONS += ["--stylize.sizes", "160", "320", "--stylize.evaluations", "4", "2", "--onestage.evaluations", "2"]


def held(run: int) -> list[int]:
    """Bytes of the command, and of its two workers in the order of their start."""
    command = psutil.Process(run)
    workers = [child for child in command.children() if "spawn_main" in " ".join(child.cmdline())]
    return [each.memory_info().rss for each in (command, *sorted(workers, key=psutil.Process.create_time))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        root, results = Path(folder, "many"), Path(folder, "results")
        make_dataset(root, pairs, HEIGHT, WIDTH)
        argv = [sys.executable, "-m", "pipeline.cli.main", "run", str(root), "--results", str(results), *OPTIONS]
        print(f"{'':34} command   stage one, one-stage   stage two")
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
            assert run.stderr is not None
            for line in run.stderr:
                if " smooth: " in line or " images compared" in line:
                    command, *workers = (f"{size / 1e6:.0f}" for size in held(run.pid))
                    network, other = workers or ("", "")
                    print(f"{line.strip():34} {command:>7} {network:>22} {other:>11}", flush=True)
        sys.exit(run.returncode)


if __name__ == "__main__":
    main()
