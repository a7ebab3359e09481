"""Protected skin: `python -m tests.benchmarks.bench_people PORTRAIT STYLE...`; without photos, what they cost alone.

Drafts of a portrait in each style, without regions, at 700 px. Told is how far the skin's colours move: Delta E 2000
where the mask is over a half, in the mean, once with lightness (which is the style's to change) and once without.
"""

import sys
from pathlib import Path
from time import process_time

import numpy as np
import skimage.data
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.images.reading import read_photo
from pipeline.images.sizes import shrink
from pipeline.networks.faces import load_face_weights
from pipeline.settings.config import WORKING_SIZE
from stages.people.faces import find_faces
from stages.people.protect import keep_hue
from stages.people.skin import skin_of
from stages.segment.remap import one_region
from stages.smooth import find_anchor

SHARES = (0.0, 0.35, 0.7, 1.0)


def main() -> None:
    files, weights = [Path(word) for word in sys.argv[1:]], load_face_weights()
    astronaut = (skimage.data.astronaut() / 255).astype(np.float32)
    photo = shrink(read_photo(files[0]), WORKING_SIZE) if files else astronaut
    skin_of(photo, find_faces(photo, weights))  # compiles the filter
    began = process_time()
    faces = find_faces(photo, weights)
    found = process_time()
    mask = skin_of(photo, faces)
    print(f"{len(faces.boxes)} faces in {found - began:.2f} s of a core, the mask in {process_time() - found:.2f} s")
    print("protected:", *(f"{share:11g}" for share in SHARES))
    for file in files[1:]:
        style = shrink(read_photo(file), WORKING_SIZE)
        regions = one_region(photo.shape[:2], style.shape[:2])
        draft = find_anchor(photo, style, regions).clip(0, 1)
        off = [_off(photo, keep_hue(photo, draft, mask, share), mask > 0.5) for share in SHARES]
        print(f"{file.parent.name:>10}", *(f"{whole:5.1f} ({hue:3.1f})" for whole, hue in off))


def _off(photo: np.ndarray, result: np.ndarray, skin: np.ndarray) -> tuple[float, float]:
    own, made = rgb2lab(photo)[skin], rgb2lab(result)[skin]
    as_light = np.concatenate([own[:, :1], made[:, 1:]], axis=1)
    return float(deltaE_ciede2000(own, made).mean()), float(deltaE_ciede2000(own, as_light).mean())


if __name__ == "__main__":
    main()
