"""A look on a clip of 1080p: `python -m tests.benchmarks.bench_video`.

A photo with grain over which the camera moves, 10 s at 25 frames a second in H.264, with sound. Told are frames a
second, and how long one core is busy with a frame: where a machine has other things to do, only the latter counts.
Then the same without moving: how much changes from frame to frame, in the clip and in the result.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import skimage.data
from PIL import Image

from pipeline.looks.look_file import Look, encode_look
from stages.look.table import identity

WIDTH, HEIGHT, FRAMES = 1920, 1080, 250


def main() -> None:
    from pipeline.cli.main import main as photostyle
    from tests.pipeline.video.clips import make_clip, seen

    rng = np.random.default_rng(0)
    large = np.asarray(Image.fromarray(skimage.data.astronaut()).resize((WIDTH + 500, HEIGHT + 250)), np.float32)
    red, green, blue = np.moveaxis(identity(), -1, 0)
    look = np.stack([red**0.8, green, blue**1.3], axis=-1)
    with TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        place = Path(folder)
        (place / "warm.look").write_bytes(encode_look(Look(look, {})))

        def picture(at: int) -> np.ndarray:
            seen = large[at : at + HEIGHT, 2 * at : 2 * at + WIDTH]
            return np.clip(seen + rng.normal(0, 2, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)

        fast = {"preset": "ultrafast", "crf": "18"}
        make_clip(place / "moving.mp4", (picture(at) for at in range(FRAMES)), sound=True, options=fast)
        make_clip(place / "still.mp4", (picture(0) for _ in range(50)), options=fast)
        for name in ("still", "moving"):
            began, used = perf_counter(), process_time()
            files = [str(place / file) for file in ("warm.look", f"{name}.mp4")]
            if photostyle(["look", "apply", *files, "--to", str(place / "out")]):
                sys.exit(1)
            if name == "moving":
                seconds, core = perf_counter() - began, process_time() - used
                print(f"{FRAMES / seconds:.1f} frames a second; {1000 * core / FRAMES:.0f} ms of one core for each")
        changes = [
            np.abs(np.diff(seen(path)[0].astype(np.int16), axis=0)).mean()
            for path in (place / "still.mp4", place / "out" / "still.mp4")
        ]
        print(f"still: {changes[0]:.2f} levels from frame to frame in the clip, {changes[1]:.2f} in the result")


if __name__ == "__main__":
    main()
