"""The images that there are of a pair, to be judged against each other."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.compare.methods import METHODS, Candidate, Gap
from pipeline.dataset.inputs import Inputs
from pipeline.dataset.pairs import Pair
from pipeline.images.raster import ImageError
from pipeline.images.sizes import shrink
from pipeline.settings.config import Config, working_size
from pipeline.steps.step import Work
from pipeline.store.manifest import file_hash, read_manifest
from pipeline.store.recall import Recall
from stages.arrays import Photo


def find_candidates(work: Work) -> tuple[list[Candidate], list[Gap]]:
    """The images that there are of a pair, the stages' in its folder and others' beside the photos; what is missing."""
    found = list(_found(work))
    return [one for one in found if isinstance(one, Candidate)], [one for one in found if isinstance(one, Gap)]


def _found(work: Work) -> Iterator[Candidate | Gap]:
    pair, folder, inputs = work.pair, work.folder, work.inputs
    for method, (stage, file) in METHODS.items():
        path = folder / stage / file
        if not path.exists():
            yield Gap(pair.name, method, f"not there: run `photostyle {stage}`")
            continue
        manifest = read_manifest(folder / stage)
        facts = manifest.facts if manifest is not None else {}
        try:
            image = _fitting(work.read(path), inputs, path, "give the --size it was made with")
            spent = facts.get("seconds"), facts.get("process_peak_mib"), facts.get("evaluations")
            yield Candidate(method, image, *spent)
        except ImageError as error:
            yield Gap(pair.name, method, str(error))
    for name, path in sorted(pair.comparisons.items()):
        try:
            image = shrink(work.read(path), working_size(work.config.size))
            image = _fitting(image, inputs, path, "save it at the content's size")
            yield Candidate(f"compare_{name}", image)
        except ImageError as error:
            yield Gap(pair.name, f"compare_{name}", str(error))


def _fitting(image: Photo, inputs: Inputs, path: Path, remedy: str) -> Photo:
    if image.shape != inputs.content.shape:
        (height, width), (h, w) = image.shape[:2], inputs.content.shape[:2]
        raise ImageError(f"{path}: is {width}x{height} here, the content {w}x{h}: {remedy}")
    return image


def judged(pair: Pair, folder: Path, config: Config, recall: Recall) -> Mapping[str, str]:
    """The hashes of all images that there are of a pair, by method."""
    images = {method: folder / step / file for method, (step, file) in METHODS.items()} | dict(pair.comparisons)
    hashes = {method: file_hash(path, recall) for method, path in images.items() if path.exists()}
    return {method: digest for method, digest in hashes.items() if digest is not None}
