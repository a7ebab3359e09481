"""Malformed photos, files, settings and results, all in one dataset: each is told exactly, and all others are finished.

Masks have a table of their own, in test_masks.py; bytes are changed at random in test_mutated_photos.py.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from pipeline.cli.main import main
from pipeline.dataset.pairs import SETTINGS
from pipeline.images.encoding import encode_tiff
from pipeline.store.files import MOST_BYTES
from pipeline.store.manifest import read_manifest
from pipeline.upkeep.start import STAGE_ONE_IMAGE
from tests.pipeline.images.image_files import (
    PHOTO,
    RGB,
    jpeg_of_size,
    png,
    png_of_size,
    png_with,
    saved,
    tiff,
    tiff_in_a_circle,
    tiff_with,
    with_values,
)

STYLIZED = np.full((40, 48, 3), 0.5, np.float32)
LINK = f"stylize/{STAGE_ONE_IMAGE.file}"

BOMB = zlib.compress(bytes(100_000_000), 9)
ONLY = "only JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files are read: save it as one of them"
ANEW = "open it in an image editor and save it anew"
BROKEN = "damaged or not fully supported ("
DECODER = f"{BROKEN}..."
"""What follows is the decoder's word, which may change with its version."""
CROP = "crop it, or choose another photo"
TOO_LARGE = "more than 150 megapixels: make it smaller"

PHOTOS: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", f"an empty file: {ONLY}"),
    "text": (b"<html>not found</html>", f"of another kind (a web page): {ONLY}"),
    "noise": (RGB.tobytes(), f"of another kind: {ONLY}"),
    "gif": (saved(PHOTO, "GIF"), f"of another kind (GIF): {ONLY}"),
    "animated gif": (
        saved(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(9)]),
        f"of another kind (GIF): {ONLY}",
    ),
    "bmp": (saved(PHOTO, "BMP"), f"of another kind (BMP): {ONLY}"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", DECODER),
    "magic alone, png": (b"\x89PNG\r\n\x1a\n", f"damaged: its header can't be read: {ANEW}"),
    "magic alone, jpeg": (b"\xff\xd8\xff", f"damaged: its header can't be read: {ANEW}"),
    "magic alone, tiff": (b"II*\0", DECODER),
    "truncated png": (png()[:-800], f"damaged: cut off: 13% of its pixels are missing: {ANEW}"),
    "truncated jpeg": (saved(PHOTO, "JPEG")[:-300], f"damaged: cut off: 37% of its pixels are missing: {ANEW}"),
    "truncated tiff": (tiff()[:-9], f"damaged: cut off: 1 of its 1 strips or tiles are missing: {ANEW}"),
    "truncated webp": (saved(PHOTO, "WEBP")[:-9], f"damaged: cut off: 9 bytes of its pixels are missing: {ANEW}"),
    "truncated jpeg with an end": (
        saved(PHOTO, "JPEG")[:-300] + b"\xff\xd9",
        f"damaged: cut off: 37% of its pixels are missing: {ANEW}",
    ),
    "damaged png": (png()[:2000] + b"\0" * 9 + png()[2009:], f"damaged: the checksums of its pixels are wrong: {ANEW}"),
    "1x1": (png(RGB[:1, :1]), f"1x1 becomes 1x1: no edge may be under 32: {CROP}"),
    "1xN": (png(RGB[:, :1]), f"1x40 becomes 1x40: no edge may be under 32: {CROP}"),
    "20000x1": (png(np.zeros((1, 20000, 3), np.uint8)), f"20000x1 becomes 48x1: no edge may be under 32: {CROP}"),
    "no pixels": (png_of_size(0, 0), f"damaged: its header can't be read: {ANEW}"),
    "nan": (with_values(np.nan, np.nan), "2 values are NaN or infinite: give them numbers"),
    "infinity": (with_values(np.inf), "1 values are NaN or infinite: give them numbers"),
    "out of range": (with_values(-0.25, 1.5), "values reach from -0.25 to 1.5, outside [0, 1]: clip them"),
    "signed": (
        tiff(RGB.astype(np.int16)),
        "values of type int16, which may be negative, are not a photo: save it as RGB",
    ),
    "complex": (
        tiff(RGB.astype(np.complex64)),
        f"{BROKEN}values of type complex64 and shape (40, 48, 3) are not a photo): {ANEW}",
    ),
    "cmyk": (
        saved(PHOTO.convert("CMYK"), "JPEG"),
        "its colours are CMYK, without a profile that says which inks: convert it to sRGB",
    ),
    "lab": (tiff(photometric="cielab"), "its colours are CIELAB: convert it to RGB"),
    "five channels of grey": (
        tiff(np.zeros((40, 48, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
        "has 5 channels, none of which it calls a colour: save it as RGB",
    ),
    "two channels": (tiff_with(277, 2), f"{BROKEN}2 channels are not RGB): {ANEW}"),
    "a volume": (
        tiff(np.zeros((16, 48, 48, 3), np.uint8), volumetric=True, tile=(16, 16, 16)),
        "its axes are ZYXS: a photo has height, width and colour: save it as RGB",
    ),
    "wholly transparent": (png(np.zeros((40, 48, 4), np.uint8)), "wholly transparent: there is nothing to see"),
    "hdr": (png_with(b"cICP", bytes([9, 16, 0, 1])), "its colours are HDR (PQ): convert it to sRGB"),
    "huge png": (png_of_size(2**31 - 1, 2**31 - 1), f"2147483647x2147483647: {TOO_LARGE}"),
    "large png": (png_of_size(14000, 12000), f"14000x12000: {TOO_LARGE}"),
    "huge jpeg": (jpeg_of_size(65535, 65535), TOO_LARGE),
    "huge tiff": (tiff_with(257, 2**31), f"48x2147483648: {TOO_LARGE}"),
    "huge pgm": (b"P5\n65535 65535\n255\n" + bytes(99), f"65535x65535: {TOO_LARGE}"),
    "tiff of huge strips": (tiff_with(256, 50_000), DECODER),
}
"""The content's bytes, and what is said of them."""


FLAT = np.full((40, 48, 3), 200, np.uint8)
AWKWARD: dict[str, bytes] = {
    "one colour": png(FLAT),
    "black": png(FLAT * 0),
    "white": png(FLAT // 200 * 255),
    "jpeg": saved(PHOTO, "JPEG"),
    "16 bits": png(RGB.astype(np.uint16) * 257),
    "16 bits, grey": png(RGB[..., 0].astype(np.uint16) * 257),
    "1 bit": saved(PHOTO.convert("1"), "PNG"),
    "palette": saved(PHOTO.quantize(7), "PNG"),
    "grey and alpha": png(RGB[..., :2] | 1),
    "floats of 64 bits": tiff(RGB / 255),
    "big endian": tiff(byteorder=">"),
    "tiff of more than 4 GB, by its header": tiff(bigtiff=True),
    "webp": saved(PHOTO, "WEBP"),
    "linear": png_with(b"gAMA", struct.pack(">I", 100000)),
    "animated": saved(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(9)]),
    "two pages": tiff(np.stack([RGB, RGB])),
    "pages in a circle": tiff_in_a_circle(),
    "five channels": tiff(np.concatenate([RGB, RGB[..., :2]], axis=2)),
    "no profile": saved(PHOTO, "JPEG", icc_profile=b"no profile" * 30),
    "profile that inflates": png_with(b"iCCP", b"x\0\0" + BOMB),
    "text that inflates": png_with(b"zTXt", b"x\0\0" + BOMB),
    "a junk exif": saved(PHOTO, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 99),
}
"""In order, each named content.png."""


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
    "a pipe": ("content.png", put_pipe, "dataset: {file}: no regular file: put a file in its place"),
    "a folder": ("content.png", put_folder, "dataset: {file}: Is a directory: move that folder away"),
    "more than 4 GB": (
        "style.png",
        put_endless_zeros,
        "dataset: {file}: 4000000001 bytes are more than 4000000000: make it smaller",
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
        f"photo: {name}": Case("content.png", put(data), f"dataset: {{file}}: {said}")
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
