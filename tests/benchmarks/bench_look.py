"""Looks and drafts of photos of 12 megapixels, from file to file: `python -m tests.benchmarks.bench_look`.

Each command runs in a process of its own, as a user starts it, after one that compiles the kernels. Memory is that
process's peak; seconds of the processor tell what a machine costs that has other things to do. The photos are
wallpapers (`tests.benchmarks.wallpapers`): `look apply` gets one of 12 megapixels under several names.

Then what other programs make of the look, on the demo's photos, where they are installed: ffmpeg's lut3d of the .cube,
and ImageMagick's -hald-clut of the HaldCLUT.
"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from pipeline.images.reading import read_photo
from pipeline.looks.look_file import read_look
from stages.look.table import apply_table
from tests.benchmarks.wallpapers import wallpapers
from tests.pipeline.scenes import save_photo

CONTENT, STYLE = "Dragonfly", "sunset"
"""4224x3168 and 4272x2848."""
COUNT = 12
DEMO = Path("data/demo")


def main() -> None:
    try:
        photos = wallpapers()
    except (OSError, ValueError) as error:
        sys.exit(f"no large photos to measure with: {error}")
    with TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        content, style, look = folder / "content.jpg", folder / "style.jpg", folder / "x.look"
        content.write_bytes(photos[CONTENT])
        style.write_bytes(photos[STYLE])
        demo = sorted(DEMO.glob("*/content.*"))
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        make = ["look", "make", *demo, "--style", style, "-o", look]
        _report("look make --draft, of the demo's photos", make)
        for count in (1, COUNT):
            many = folder / str(count)
            many.mkdir()
            for number in range(count):
                (many / f"{number}.jpg").write_bytes(photos[STYLE])
            _report(f"look apply to {count}", ["look", "apply", look, many, "--to", folder / f"to {count}"])
        transfer = ["transfer", content, style, "-o", folder / "out.jpg", "--draft"]
        _run(transfer)
        _report("transfer --draft of two", [*transfer, "--force"])
        _run(["look", "export", look, "-o", folder / "x.cube"])
        _run(["look", "export", look, "-o", folder / "x.png"])
        for photo in demo:
            _compare(photo, folder)


def _report(title: str, words: Sequence[object]) -> None:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    _run(words)
    wall, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    largest = f"largest process so far {after.ru_maxrss / 1024:.0f} MB"
    print(f"{title}: {wall:.2f} s, {cpu:.2f} s of the processor; {largest}")


def _run(words: Sequence[object]) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", *map(str, words)]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)


def _compare(photo: Path, folder: Path) -> None:
    """By a PNG of it: each program reads a JPEG's colours in its own way."""
    png, made = folder / "photo.png", folder / "made.png"
    save_photo(png, read_photo(photo))
    ours = apply_table(read_look(folder / "x.look").table, read_photo(png), 8)
    magick = shutil.which("magick") or shutil.which("convert")
    programs: dict[str, list[object]] = {}
    if shutil.which("ffmpeg"):
        programs["ffmpeg"] = ["ffmpeg", "-v", "error", "-y", "-i", png, "-vf", f"lut3d={folder / 'x.cube'}", made]
    if magick:
        programs["ImageMagick"] = [magick, png, folder / "x.png", "-hald-clut", made]
    for name, words in programs.items():
        subprocess.run([str(word) for word in words], check=True)
        off = np.abs(255 * read_photo(made) - ours)
        print(f"{photo.parent.name} by {name}: {off.mean():.2f} levels from ours in the mean, {off.max():.0f} at most")


if __name__ == "__main__":
    main()
