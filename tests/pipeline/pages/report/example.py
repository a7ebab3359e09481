"""A small dataset with its results and scores, made up: a report needs no network to be written from them."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.compare.methods import CSV, TABLE
from pipeline.compare.metrics import Scores
from pipeline.compare.score_table import Row, means, to_csv
from pipeline.dataset.opening import open_dataset
from pipeline.events.progress import ignore
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.networks.loaded import Network
from pipeline.run.performing import bring_up_to_date, bring_whole_up_to_date
from pipeline.run.task import PairTask, WholeTask
from pipeline.settings.config import Config
from pipeline.steps.step import Whole
from pipeline.steps.summaries.report import FOLDER, INDEX, REPORT
from pipeline.steps.summaries.view import VIEW
from pipeline.store.manifest import Recipe, publish

HEIGHT, WIDTH = 60, 90
CONFIG = Config(size=90)
SPOT = slice(10, 22), slice(60, 72)
"""Where the made-up stage one distorts."""


def photo(seed, height=HEIGHT, width=WIDTH):
    noise = np.random.default_rng(seed).random((height, width, 3))
    blobs = ndimage.gaussian_filter(noise, (4, 4, 0), mode="wrap")
    return ((blobs - blobs.min()) / np.ptp(blobs)).astype(np.float32)


def spoilt(content):
    """The content in other colours, with noise in one spot."""
    image = content[..., ::-1] * np.float32(0.6) + np.float32(0.2)
    image[SPOT] = np.random.default_rng(9).random((12, 12, 3))
    return image


class Case(NamedTuple):
    dataset: object
    results: object

    def bring_up_to_date(self):
        """The state in which the report was found."""
        for pair in self.dataset.pairs:
            bring_up_to_date(PairTask(pair, VIEW, CONFIG, self.results / pair.name), Network(CONFIG), ignore)
        whole = Whole(self.dataset.name, self.dataset.pairs, self.dataset.faults, self.results, CONFIG)
        return bring_whole_up_to_date(WholeTask(whole, REPORT))

    def page(self):
        self.bring_up_to_date()
        return (self.results / FOLDER / INDEX).read_text("utf-8")


def make_case(root, names, dataset_name="views"):
    dataset, results = root / dataset_name, root / "results" / dataset_name
    rows = []
    for number, name in enumerate(names):
        (dataset / name).mkdir(parents=True)
        content = photo(number)
        mask = np.zeros((HEIGHT, WIDTH, 3))
        mask[: HEIGHT // 2, :, 2] = mask[HEIGHT // 2 :, :, 1] = 1
        for side, image in (("content", content), ("style", photo(number + 50))):
            (dataset / name / f"{side}.png").write_bytes(encode_png(image, 8))
            (dataset / name / f"{side}_mask.png").write_bytes(encode_png(mask, 8))
        facts = {"seconds": 2.0 + number, "process_peak_mib": 300, "device": "cpu", "versions": {"numpy": "2"}}
        for stage in ("stylize", "smooth", "onestage"):
            image = content[..., ::-1] if stage == "smooth" else spoilt(content)
            link = {"image.tiff": encode_tiff(image)} if stage == "stylize" else {}
            recipe = Recipe(stage, 1, {}, {"strength": 0.1 * (number + 1)})
            publish(results / name / stage, recipe, {**link, "image.png": encode_png(image, 8)}, facts)
        values = {"content": 1.0, "stage one": 0.5, "two-stage": 0.8, "one-stage": 0.7}
        rows += [
            Row(name, method, Scores(value, 0.3 * value + 0.01 * number, 0.1, 1e-3, 0.0, 0.0), 2.0 + number)
            for method, value in values.items()
        ]
    (results / CSV).write_text(to_csv([*rows, *means(rows)]))
    (results / TABLE).write_text("")
    return Case(open_dataset(dataset), results)
