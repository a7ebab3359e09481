"""Malformed photos, files, settings and results, all in one dataset: each is told exactly, and all others are finished.

Masks have a table of their own, in mask_cases.py; bytes are changed at random in test_mutated_photos.py.
"""

import io
import os
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.images.encoding import encode_tiff
from pipeline.settings.config import FILE as SETTINGS
from pipeline.steps.step import STAGE_ONE_IMAGE
from pipeline.store.files import MOST_BYTES
from pipeline.store.manifest import read_manifest
from tests.pipeline.images.image_files import (
    PHOTO,
    png,
    with_values,
)
from tests.pipeline.images.malformed_photos import AWKWARD, ONLY, PHOTOS

STYLIZED = np.full((40, 48, 3), 0.5, np.float32)
LINK = f"stylize/{STAGE_ONE_IMAGE.file}"


def put_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_link(target: str) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return put


def put_endless_zeros(path: Path) -> None:
    os.truncate(path, MOST_BYTES + 1)  # a hole: it takes no space


def put(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


NOT_THERE = "which is not there: put the file in its place"
LEADS_OUT = "a link that leads out of the dataset's folder: copy the file there"
FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a pipe": ("content.png", put_pipe, "dataset: content {file}: no regular file: put a file in its place"),
    "a folder": ("content.png", put_folder, "dataset: content {file}: Is a directory: move that folder away"),
    "more than 4 GB": (
        "style.png",
        put_endless_zeros,
        "dataset: style {file}: 4000000001 bytes are more than 4000000000: make it smaller",
    ),
    "a link to nothing": ("style.png", put_link("none.png"), f"dataset: {{file}}: a link to none.png, {NOT_THERE}"),
    "a link out of it": ("style.png", put_link("/etc/hostname"), f"dataset: {{file}}: {LEADS_OUT}"),
    "a link to a device": ("content.png", put_link("/dev/zero"), f"dataset: {{file}}: {LEADS_OUT}"),
    "a link to itself": (
        "content.png",
        put_link("content.png"),
        "dataset: {file}: a link to content.png, which leads back to it: put the file in its place",
    ),
    "a link in the settings' place": (SETTINGS, put_link("/etc/hostname"), f"dataset: {{file}}: {LEADS_OUT}"),
    "a name that writes to the screen": (
        "compare_\x1b]0;\x07.png",
        put(png()),
        "dataset: {pair}/'compare_\\x1b]0;\\x07' can't be printed: rename it",
    ),
    "a second content": (
        "content.jpg",
        put(png()),
        "dataset: {pair}/content.jpg and content.png both could be the content: keep one",
    ),
    "no style": (
        "style.png",
        Path.unlink,
        "dataset: {pair}/no style photo: add one (JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files)",
    ),
}
"""Which of a pair's files, what is done to it, and what is said."""


KNOWS = "it knows smooth"
TOML: dict[str, tuple[bytes, str]] = {
    "no toml": (b"lambda: 1", "..."),
    "twice": (b"[smooth]\n[smooth]", "..."),
    "not utf-8": (b"\xff\xfe", "..."),
    "too long a number": (b"[smooth]\nlambda = " + b"9" * 5000, "..."),
    "nested": (b"a = " + b"[" * 100_000, "is nested too deeply"),
    "nested tables": (b"a = " + b"{b = " * 10_000, "is nested too deeply"),
    "a megabyte": (b"#" * 1_000_001, "1000001 bytes are more than 1000000: make it smaller"),
    "another key": (b"size = 99", f"unknown key 'size' at the top level; {KNOWS}"),
    "a key of python's": (b'__class__ = "os"', f"unknown key '__class__' at the top level; {KNOWS}"),
    "another key of the section": (
        b"[smooth]\nlambda = 1\nsolver = 1",
        "unknown key 'solver' in [smooth]; it knows lambda, mu",
    ),
    "nan": (b"[smooth]\nlambda = nan", "smooth.lambda: wants a number above 0, not nan"),
    "infinite": (b"[smooth]\nlambda = inf", "smooth.lambda: wants a number above 0, not inf"),
    "zero": (b"[smooth]\nlambda = 0", "smooth.lambda: wants a number above 0, not 0"),
    "a word": (b'[smooth]\nlambda = "big"', 'smooth.lambda: wants a number above 0, not "big"'),
    "a day": (b"[smooth]\nlambda = 1979-05-27", "smooth.lambda: wants a number above 0, not 1979-05-27"),
    "no table": (b"smooth = 1", "smooth: wants a table, not 1"),
}
"""A pair's own settings, and what is said of them."""


REMEDY = "; or delete it, and it is made again"
LINKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "nan": (
        put(with_values(np.nan)),
        f"stage-one image: {{file}}: 1 values are NaN or infinite: give them numbers{REMEDY}",
    ),
    "empty": (put(b""), f"stage-one image: {{file}}: an empty file: {ONLY}{REMEDY}"),
    "a pipe": (put_pipe, f"stage-one image: {{file}}: no regular file: put a file in its place{REMEDY}"),
    "a folder": (put_folder, f"stage-one image: {{file}}: Is a directory: move that folder away{REMEDY}"),
    "gone": (Path.unlink, "smooth: there is no stage-one image: run `photostyle stylize` first"),
    "of another size": (
        put(encode_tiff(STYLIZED[:32])),
        "smooth: the stage-one image is 48x32, the content at this size 48x40: "
        "give the --size it was made with, or run `photostyle stylize` again",
    ),
}
"""What is done to the stage-one image, and what is said."""


class Case(NamedTuple):
    """What is done to one pair."""

    file: str
    """Of the pair's, or its stage-one image."""
    spoil: Callable[[Path], None]
    said: str
    """The failure: all of it, or up to the dots; "" where the pair is done."""


CASES = {
    **{
        f"photo: {name}": Case("content.png", put(data), f"dataset: content {{file}}: {said}")
        for name, (data, said) in PHOTOS.items()
    },
    **{f"awkward: {name}": Case("content.png", put(data), "") for name, data in AWKWARD.items()},
    **{f"file: {name}": Case(*case) for name, case in FILES.items()},
    **{
        f"settings: {name}": Case(SETTINGS, put(data), f"settings: {{file}}: {said}")
        for name, (data, said) in TOML.items()
    },
    **{f"stage one: {name}": Case(LINK, spoil, said) for name, (spoil, said) in LINKS.items()},
}


def make_pair(dataset: Path, results: Path, name: str) -> None:
    """Two photos and a stage-one image."""
    (dataset / name).mkdir(parents=True)
    for side in ("content", "style"):
        PHOTO.save(dataset / name / f"{side}.png")
    (results / name / "stylize").mkdir(parents=True)
    (results / name / LINK).write_bytes(encode_tiff(STYLIZED))


class Ran(NamedTuple):
    """A run of stage two over a dataset with all the cases in it."""

    dataset: Path
    results: Path
    code: int
    failures: list[str]
    """The lines that it ends with."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("malformed")
    dataset, results = folder / "trip", folder / "out" / "trip"
    for name, case in CASES.items():
        make_pair(dataset, results, as_folder(name))
        case.spoil((results if case.file == LINK else dataset) / as_folder(name) / case.file)
    return smooth(dataset, results)


def as_folder(name: str) -> str:
    return name.replace(" ", "_")


def smooth(dataset: Path, results: Path, *options: str) -> Ran:
    with redirect_stderr(io.StringIO()) as err:
        code = main(["smooth", str(dataset), "--results", str(results.parent), "--size", "48", *options])
    lines = err.getvalue().splitlines()
    return Ran(dataset, results, code, [line.removeprefix("failed: ") for line in lines if line.startswith("failed: ")])


@pytest.mark.parametrize("name", CASES)
def test_each_is_told_exactly_or_done(ran: Ran, name: str) -> None:
    case, pair = CASES[name], as_folder(name)
    told = [line.removeprefix(f"{pair} ") for line in ran.failures if line.startswith(f"{pair} ")]
    place = ran.results / pair
    if not case.said:
        assert told == []
        done = read_manifest(place / "smooth")
        assert done is not None
        assert done.intact(place / "smooth")
        assert not list(place.rglob("failure.txt"))
        return
    file = (ran.results if case.file == LINK else ran.dataset) / pair / case.file
    said = case.said.replace("{file}", str(file)).replace("{pair}", pair)
    assert len(told) == 1
    assert told[0] == said or (said.endswith("...") and told[0].startswith(said.removesuffix("...")))
    assert read_manifest(place / "smooth") is None
    (recorded,) = place.rglob("failure.txt")
    assert told[0].split(": ", 1)[1] in recorded.read_text()


def test_all_of_them_in_one_run(ran: Ran) -> None:
    assert ran.code == 1
    assert len(ran.failures) == sum(bool(case.said) for case in CASES.values()) >= 60


def test_results_that_can_not_be_written_are_told_and_the_others_are_done(tmp_path: Path) -> None:
    dataset, results = tmp_path / "trip", tmp_path / "out" / "trip"
    for name in ("blocked", "good", "shut"):
        make_pair(dataset, results, name)
    (results / "shut" / "smooth").write_text("a file in the folder's place")
    (results / "blocked" / "smooth" / "image.png").mkdir(parents=True)
    ran = smooth(dataset, results)
    blocked, shut = sorted(ran.failures)
    assert blocked.startswith("blocked smooth: ")
    assert blocked.endswith("image.png: Is a directory: move that folder away")
    assert shut == f"shut smooth: {results / 'shut' / 'smooth'}: File exists: move that file away"
    assert (results / "blocked" / "smooth" / "failure.txt").read_text().startswith("IsADirectoryError: ")
    assert read_manifest(results / "good" / "smooth") is not None
    (results / "shut" / "smooth").unlink()
    (results / "blocked" / "smooth" / "image.png").rmdir()
    assert smooth(dataset, results).code == 0
