"""Stage two over several lambdas: one assembly and one analysis a pair, the results kept and laid side by side.

In a pair's folder, `sweep/smooth_<lambda>/` is what `smooth/` would be at that lambda, manifest and all; the trade-off
of `compare --sweep` uses the same. `sweep/lambdas.png` shows those that were last asked for.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from pipeline.dataset.config import Config
from pipeline.dataset.inputs import Inputs, load_inputs
from pipeline.dataset.layouts import Pair
from pipeline.images.contact_sheet import TILE, Tile, contact_sheet
from pipeline.images.encoding import encode_png
from pipeline.images.photos import Photo, read_photo, shrink
from pipeline.run.isolation import isolated
from pipeline.run.plan import Examined, Failure, Summary
from pipeline.steps.network import Network
from pipeline.steps.progress import OnEvent, Said, ignore, underway
from pipeline.steps.smooth import SMOOTH, smooth_lambdas
from pipeline.steps.staleness import find_state
from pipeline.steps.step import Work
from pipeline.steps.stylize import STAGE_ONE_IMAGE
from pipeline.steps.up_to_date import fitting, recorded
from pipeline.store.files import hash_array, hash_file
from pipeline.store.manifest import Recipe, publish

FOLDER, SHEET = "sweep", "lambdas.png"
IMAGE = "image.png"
LAMBDA = "\N{GREEK SMALL LETTER LAMDA}"
COLUMNS = 4
VERSION = 1
"""Raised when the sheet changes."""


def lambda_folder(pair_folder: Path, lam: float) -> Path:
    """Where the result at this lambda is kept."""
    return pair_folder / FOLDER / f"smooth_{lam!r}"


def sweep_lambdas(
    examined: Sequence[Examined],
    results: Path,
    lambdas: Sequence[float],
    config: Config,
    *,
    force: bool,
    on_event: OnEvent = ignore,
) -> Summary:
    """Smooths every pair at each of the lambdas and lays the results side by side; what is current is not done again.

    Args:
        examined: the pairs; each needs a stage-one image.
        results: the folder that holds one folder for each pair; the caller holds its lock.
        lambdas: positive numbers, all different.
        config: all settings; its lambda is not used.
        force: do again what is current.
        on_event: told what is going on.

    Raises:
        OSError: the disk is full.
    """
    summary = Summary(0, 0, ())
    failures: list[Failure] = []
    for number, one in enumerate(examined, start=1):
        folder, label = results / one.pair.name, f"[{number}/{len(examined)}] {one.pair.name}"
        with isolated(failures, one.pair.name, "smooth", folder / FOLDER, label, on_event):
            made = _advance(one, folder, lambdas, config, label, on_event, force=force)
            summary = summary._replace(done=summary.done + made, kept=summary.kept + len(lambdas) + 1 - made)
    return summary._replace(failures=tuple(failures))


def _advance(
    one: Examined, folder: Path, lambdas: Sequence[float], config: Config, label: str, on_event: OnEvent, *, force: bool
) -> int:
    """Brings one pair's results and their sheet up to date; how many there were to make."""
    link = STAGE_ONE_IMAGE.digest(folder)
    if link is None:
        raise ValueError("there is no stage-one image: run `photostyle stylize` first")
    due = lambdas if force else due_lambdas(folder, lambdas, one.hashes, link, config)
    place = folder / FOLDER
    if not due and find_state(place, _sheet_recipe(folder, lambdas, one.hashes, link), config).settled:
        return 0
    inputs, image = load_inputs(one.pair, config.size), STAGE_ONE_IMAGE.read(folder)
    assert image is not None  # it has a hash
    make_lambdas(one.pair, folder, inputs, image, due, config, Network(config), label, on_event)
    sheet = encode_png(_sheet(one.pair.name, folder, inputs, image, lambdas), bits=8)
    publish(place, _sheet_recipe(folder, lambdas, inputs.hashes(), hash_array(image)), {SHEET: sheet}, {})
    on_event(Said(f"{label} smooth: side by side in {place / SHEET}"))
    return len(due) + 1


def due_lambdas(
    folder: Path, lambdas: Sequence[float], hashes: dict[str, str], link: str, config: Config
) -> list[float]:
    """Those whose results in a pair's folder are not what its inputs, with these hashes, and settings would make."""
    wanted = {lam: SMOOTH.recipe(hashes, link, {}, _at(config, lam)) for lam in lambdas}
    return [lam for lam in lambdas if not find_state(lambda_folder(folder, lam), wanted[lam], config).settled]


def make_lambdas(
    pair: Pair,
    folder: Path,
    inputs: Inputs,
    link: Photo,
    lambdas: Sequence[float],
    config: Config,
    network: Network,
    label: str,
    on_event: OnEvent,
) -> None:
    """Makes the results of one pair in its folder.

    Raises:
        ValueError: the stage-one image has another size than the content.
        OSError: they can't be written.
    """
    hashes, image = inputs.hashes(), hash_array(link)
    if not lambdas:
        return
    with underway(on_event, f"{label} smooth") as on_advance:
        work, began = (
            Work(pair, folder, inputs, fitting(SMOOTH, link, inputs), config, network, on_advance),
            time.perf_counter(),
        )
        for lam, made in zip(lambdas, smooth_lambdas(work, lambdas), strict=True):
            facts = recorded(SMOOTH, made, inputs, config, began)
            wanted = SMOOTH.recipe(hashes, image, {}, _at(config, lam))
            assert wanted is not None  # there is a link
            publish(lambda_folder(folder, lam), wanted, made.outputs, facts)
            on_event(Said(f"{label} smooth, lambda {lam:g}: {facts['seconds']:.1f} s"))
            began = time.perf_counter()


def _at(config: Config, lam: float) -> Config:
    return replace(config, smooth=replace(config.smooth, lam=lam))


def _sheet_recipe(folder: Path, lambdas: Sequence[float], hashes: dict[str, str], link: str) -> Recipe:
    shown = {f"lambda {lam!r}": hash_file(lambda_folder(folder, lam) / IMAGE) or "" for lam in lambdas}
    return Recipe("lambda sheet", VERSION, {"content": hashes["content"], "stage-one image": link, **shown}, {})


def _sheet(pair: str, folder: Path, inputs: Inputs, link: Photo, lambdas: Sequence[float]) -> Photo:
    tiles = [
        Tile(f"{LAMBDA} = {lam:g}", shrink(read_photo(lambda_folder(folder, lam) / IMAGE), TILE)) for lam in lambdas
    ]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    return contact_sheet(pair, [[Tile("content", inputs.content), Tile("stage one", link)], *rows])
