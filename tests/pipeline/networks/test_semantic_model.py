"""Masks by what is in the photos: a small UPerNet on the code path of the real one, and models that are refused."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import load_file, save_file

from pipeline.cli.main import main
from pipeline.dataset.found_masks import CONTENT_MASK, OVERLAY, STYLE_MASK, with_found_masks
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.events.errors import NetworkError
from pipeline.networks import semantic_model
from pipeline.networks.semantic_model import (
    CONFIGURATION,
    MODEL,
    REVISION,
    WEIGHTS,
    load_semantic_model,
)
from pipeline.networks.weights import load_encoder_weights
from pipeline.settings.config import Config
from pipeline.store.manifest import read_manifest
from stages.segment.ade20k import GROUP_PALETTE
from stages.segment.semantic import semantic_labels
from tests.pipeline.networks.little_upernet import CLASSES, save_little_upernet, scenery, untrained

CONTENT, STYLE = (90, 120), (100, 80)
TINY = ["--size", "64", "--stylize.sizes", "32", "--stylize.evaluations", "2", "--onestage.evaluations", "2"]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_little_upernet(tmp_path_factory.mktemp("model"))


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """The model in a folder that may be spoilt."""
    return Path(shutil.copytree(model, tmp_path / "copy"))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "trip"
    (root / "hill").mkdir(parents=True)
    Image.fromarray(scenery(CONTENT, 1)).save(root / "hill" / "content.png")
    Image.fromarray(scenery(STYLE, 2)).save(root / "hill" / "style.png")
    (root / "photostyle.toml").write_text('encoder = "vgg16"\ndevice = "cpu"\nmasks = "semantic"\n')
    return root


def photostyle(command: str, dataset: Path, *options: str) -> int:
    return main([command, str(dataset), "--results", str(dataset.parent / "out"), *options])


def found(dataset: Path) -> Path:
    return dataset.parent / "out" / "trip" / "hill" / "semantic"


def test_masks_are_found_with_their_names_the_same_each_time_and_not_again(
    dataset: Path, model: Path, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segment = partial(photostyle, "segment", dataset, "--segment.model")
    assert segment(str(model)) == 0
    folder = found(dataset)
    assert {path.name for path in folder.iterdir()} == {CONTENT_MASK, STYLE_MASK, OVERLAY, "manifest.json"}
    for name, (height, width) in ((CONTENT_MASK, CONTENT), (STYLE_MASK, STYLE)):
        with Image.open(folder / name) as image:
            mask = np.asarray(image)
        assert mask.shape == (height, width, 3)
        assert (mask[: height // 2 - 5] == GROUP_PALETTE["sky"]).all(axis=2).mean() > 0.99
        assert (mask[height // 2 + 5 :] == GROUP_PALETTE["ground"]).all(axis=2).mean() > 0.99
    out = capsys.readouterr().out
    assert f"{CONTENT_MASK}: ground 5" in out or f"{CONTENT_MASK}: sky 5" in out
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.recipe.inputs["model"] == hashlib.sha256((model / WEIGHTS).read_bytes()).hexdigest()
    assert manifest.facts["model"] == str(model)

    first = (folder / CONTENT_MASK).read_bytes()
    assert segment(str(model), "--force") == 0
    assert (folder / CONTENT_MASK).read_bytes() == first
    before = (folder / "manifest.json").read_bytes()
    assert segment(str(copy)) == 0  # the same weights elsewhere
    assert (folder / "manifest.json").read_bytes() == before
    weights = load_file(copy / WEIGHTS)
    weights["decode_head.classifier.bias"][CLASSES.index("sea")] = 1000
    save_file(weights, copy / WEIGHTS, metadata={"format": "pt"})
    assert segment(str(copy)) == 0
    assert f"{CONTENT_MASK}: water 100.0%" in capsys.readouterr().out


def test_a_run_takes_its_regions_from_what_is_in_the_photos(dataset: Path, model: Path) -> None:
    try:
        load_encoder_weights("vgg16")
    except NetworkError as error:
        pytest.skip(f"VGG-16 can't be had here: {error}")
    assert photostyle("run", dataset, "--segment.model", str(model), *TINY) == 0
    stylized = read_manifest(found(dataset).parent / "stylize")
    assert stylized is not None
    assert stylized.facts["regions"] == 2
    assert all("sky" in line and "ground" in line for line in stylized.facts["masks"])
    assert (dataset.parent / "out" / "trip" / "report" / "index.html").exists()


def test_a_group_that_the_style_lacks_finds_its_counterpart_by_name(dataset: Path, model: Path) -> None:
    assert photostyle("segment", dataset, "--segment.model", str(model)) == 0
    mask = np.full((*STYLE, 3), GROUP_PALETTE["ground"], np.uint8)
    mask[:50] = GROUP_PALETTE["water"]
    Image.fromarray(mask).save(found(dataset) / STYLE_MASK)
    pairs = with_found_masks(open_dataset(dataset), dataset.parent / "out" / "trip", Config(masks="semantic")).pairs
    inputs = load_inputs(pairs[0], 700)
    assert inputs.regions.count == 2
    assert any("sky" in note and "takes its look from water, by its name" in note for note in inputs.notes)


def test_each_way_has_masks_of_its_own(dataset: Path, model: Path) -> None:
    assert photostyle("segment", dataset, "--segment.model", str(model)) == 0
    root, results = open_dataset(dataset), dataset.parent / "out" / "trip"
    assert (
        with_found_masks(root, results, Config(masks="semantic")).pairs[0].content_mask == found(dataset) / CONTENT_MASK
    )
    assert with_found_masks(root, results, Config()).pairs[0].content_mask is None


def spoil_configuration(folder: Path, **changes: object) -> None:
    said = json.loads((folder / CONFIGURATION).read_text())
    (folder / CONFIGURATION).write_text(json.dumps(said | changes))


def test_a_model_of_other_classes_is_refused_with_counts(tmp_path: Path) -> None:
    untrained(["cat", "sky", "dog"]).save_pretrained(tmp_path)
    with pytest.raises(
        NetworkError,
        match=r"no model of ADE20K: it tells 3 classes apart, of which 2 are not ADE20K's: cat, dog; .* lacks 149",
    ):
        load_semantic_model(str(tmp_path), CPU)


def test_a_pickle_is_not_read(copy: Path) -> None:
    torch.save(load_file(copy / WEIGHTS), copy / "pytorch_model.bin")
    (copy / WEIGHTS).unlink()
    with pytest.raises(NetworkError, match=r"holds no model.safetensors; pytorch_model.bin is a pickle"):
        load_semantic_model(str(copy), CPU)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model_type": "segformer"}, "a model of type segformer over convnext: it has to be upernet over"),
        ({"backbone_config": {"model_type": "timm_backbone"}}, "upernet over timm_backbone: it has to be"),
        ({"backbone_config": None}, "describes no UPerNet"),
        ({"id2label": ["wall"]}, "describes no UPerNet"),
        ({"id2label": {"1": "wall"}}, "describes no UPerNet"),
        ({"hidden_size": 32}, r"lacks \d\d of .*, or has them in another shape: decode_head.bottleneck"),
        ({"id2label": {str(k): None for k in range(150)}}, "150 are not ADE20K's"),
    ],
)
def test_a_configuration_of_something_else_is_refused(copy: Path, changes: dict[str, object], told: str) -> None:
    spoil_configuration(copy, **changes)
    with pytest.raises(NetworkError, match=told):
        load_semantic_model(str(copy), CPU)


def test_a_broken_configuration_is_refused(copy: Path) -> None:
    for text in ("", "[" * 100_000, "[]", '"upernet"'):
        (copy / CONFIGURATION).write_text(text)
        with pytest.raises(NetworkError, match="describes no UPerNet"):
            load_semantic_model(str(copy), CPU)


def test_weights_that_are_not_whole_are_refused(copy: Path) -> None:
    weights = load_file(copy / WEIGHTS)
    del weights["decode_head.classifier.weight"]
    save_file(weights, copy / WEIGHTS, metadata={"format": "pt"})
    with pytest.raises(NetworkError, match=r"lacks 1 of the network's tensors, .*: decode_head.classifier.weight"):
        load_semantic_model(str(copy), CPU)
    (copy / WEIGHTS).write_bytes(b"no safetensors")
    with pytest.raises(NetworkError, match="can't be loaded"):
        load_semantic_model(str(copy), CPU)


def test_half_precision_will_do(copy: Path, model: Path) -> None:
    photo = (scenery(CONTENT, 3) / 255).astype(np.float32)
    expected = semantic_labels(photo, load_semantic_model(str(model), CPU))
    weights = {
        name: value.half() if value.is_floating_point() else value for name, value in load_file(copy / WEIGHTS).items()
    }
    save_file(weights, copy / WEIGHTS, metadata={"format": "pt"})
    spoil_configuration(copy, dtype="float16")
    assert (semantic_labels(photo, load_semantic_model(str(copy), CPU)) == expected).mean() > 0.99


def test_code_beside_a_model_is_never_run(copy: Path, tmp_path: Path) -> None:
    (copy / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    spoil_configuration(copy, auto_map={"AutoConfig": "code.Config", "AutoModel": "code.Model"})
    load_semantic_model(str(copy), CPU)
    assert not (tmp_path / "ran").exists()


def test_no_such_folder(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert photostyle("segment", dataset, "--segment.model", "nowhere") == 1
    assert (
        "there is no folder nowhere: --segment.model is a folder with a model, or openmmlab/" in capsys.readouterr().err
    )


def cli_elsewhere(dataset: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = ["segment", str(dataset), "--results", str(dataset.parent / "out")]
    code = f"import sys; from pipeline.cli.main import main; sys.exit(main({command!r}))"
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, timeout=300
    )


def test_without_transformers_it_says_what_to_install(dataset: Path) -> None:
    (dataset.parent / "without" / "transformers").mkdir(parents=True)  # in the worker too
    (dataset.parent / "without" / "transformers" / "__init__.py").write_text("raise ImportError('not here')")
    paths = os.pathsep.join([str(dataset.parent / "without"), *filter(None, sys.path)])
    done = cli_elsewhere(dataset, PYTHONPATH=paths)
    assert done.returncode == 1
    assert "--masks semantic needs transformers: pip install 'photostyle[segment]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_transformers_the_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert semantic_model.where_is_the_model() == "needs transformers: pip install 'photostyle[segment]'"


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_without_the_model_or_a_network_it_names_the_ways_out(dataset: Path, environment: dict[str, str]) -> None:
    home = str(dataset.parent / "empty")
    done = cli_elsewhere(dataset, HF_HOME=home, NO_PROXY="*", no_proxy="*", **environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for way_out in ("let it be downloaded once", "--segment.model FOLDER", "--masks auto"):
        assert way_out in done.stderr


@pytest.fixture
def hub(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server that answers as the hub does, with the small model under the real one's name and revision."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            prefix, _, name = self.path.rpartition("/")
            if prefix != f"/{MODEL}/resolve/{REVISION}" or not (model / name).exists():
                self.send_error(404)
                return
            data = (model / name).read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_GET = do_HEAD  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()


def test_the_model_is_downloaded_once_at_its_revision(
    hub: ThreadingHTTPServer, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256((model / WEIGHTS).read_bytes()).hexdigest()
    monkeypatch.setattr(semantic_model, "WEIGHTS_SHA256", digest)
    assert "not cached; comes from Hugging Face (241 MB)" in semantic_model.where_is_the_model()
    load_semantic_model(MODEL, CPU)
    assert "cached at" in semantic_model.where_is_the_model()
    hub.shutdown()
    load_semantic_model(MODEL, CPU)  # from the cache
    assert semantic_model.describe_model(MODEL) == {"model": MODEL, "revision": REVISION}


@pytest.mark.usefixtures("hub")
def test_other_weights_than_the_pinned_ones_are_not_used() -> None:
    with pytest.raises(NetworkError, match=rf"sha256 is [0-9a-f]+, expected {semantic_model.WEIGHTS_SHA256}"):
        load_semantic_model(MODEL, CPU)
