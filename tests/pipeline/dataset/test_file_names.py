"""Names as cameras, systems and people give them: what is read, what is said, what is refused."""

import errno
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.dataset.file_names import OURS, folded, looks_like, names_a_folder
from pipeline.dataset.opening import open_dataset
from pipeline.dataset.pairs import Dataset, DatasetError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def told(dataset: Dataset) -> list[str]:
    return [*(fault.text for fault in dataset.faults), *(one.text for one in dataset.unused)]


RENAME, SAVE = "is no name that is read: rename it to", "is not read: save it as JPEG or PNG"
PAIR = ("p/content.jpg", "p/style.png")
MASKS = ("p/content_mask.png", "p/style_mask.png")

READ = {
    "capitals": ("p/Content.JPG", "p/STYLE.Jpeg", "p/Content_Mask.PNG", "p/style_MASK.png"),
    "other suffixes": ("p/content.jpe", "p/style.webp", "p/content_mask.tif", "p/style_mask.webp"),
    "suffixes of browsers": ("p/content.jfif", "p/style.TIFF"),
    "hidden files of macOS": (*PAIR, "p/._content.jpg", "p/._style.png", "p/.DS_Store", "__MACOSX/p/._content.jpg"),
    "files of Windows": (*PAIR, "p/Thumbs.db", "p/desktop.ini", "Thumbs.db"),
    "sidecars and texts": (*PAIR, "p/content.xmp", "p/content.jpg.xmp", "p/notes.txt", "notes.md"),
    "a network disk's previews": (*PAIR, "p/@eaDir/content.jpg/SYNOPHOTO_THUMB_M.jpg"),
    "hidden folders": (*PAIR, ".git/content.png", ".thumbnails/style.png"),
    "in folders of capitals": ("Content/a.jpg", "Style/A.PNG"),
    "the paper's in capitals": ("Input/IN1.PNG", "style/Tar1.png"),
    "the paper's in its repository": ("examples/input/in1.png", "examples/style/tar1.png", "README.md"),
    "accents composed and not": ("content/caf\u00e9.jpg", "style/cafe\u0301.jpg"),
}


@pytest.mark.parametrize("name", READ)
def test_a_pair_is_read_and_nothing_is_said(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *READ[name])
    dataset = open_dataset(tmp_path)
    assert len(dataset.pairs) == 1
    assert told(dataset) == []
    assert (dataset.pairs[0].content_mask is not None) == any("mask" in file.lower() for file in READ[name])


SAID = {
    "a format beside": ((*PAIR, "p/content.bmp"), "p/content.bmp: not used: content.jpg is"),
    "a project beside": ((*PAIR, *MASKS, "p/content_mask.xcf"), "p/content_mask.xcf: not used: content_mask.png is"),
    "a camera's raw file beside": ((*PAIR, "p/Content.CR2"), "p/Content.CR2: not used: content.jpg is"),
    "a copy": ((*PAIR, "p/content (1).jpg"), "p/content (1).jpg: not used: content.jpg is"),
    "other photos": (
        (*PAIR, *(f"p/IMG_{n}.jpg" for n in range(5))),
        "p/IMG_0.jpg, IMG_1.jpg, IMG_2.jpg and 2 more: not used",
    ),
    "a folder of none": (
        (*PAIR, "trip/a.jpg", "trip/b.bmp"),
        "trip/: holds a.jpg, b.bmp, none named content or style: not used",
    ),
    "loose photos": ((*PAIR, "a.jpg"), "a.jpg: in no pair's folder: not used"),
    "settings by Windows": ((*PAIR, "photostyle.toml.txt"), f"photostyle.toml.txt {RENAME} photostyle.toml"),
    "settings in capitals": ((*PAIR, "p/Photostyle.TOML"), f"p/Photostyle.TOML {RENAME} photostyle.toml"),
    "pairs one folder further down": (
        (*PAIR, "2023/beach/content.jpg", "2023/beach/style.jpg", "2023/hills/Content.png", "2023/hills/style.jpg"),
        "2023/: holds folders of pairs (beach, hills): not used: photostyle run {root}/2023",
    ),
    "strangers in the release": (
        ("input/in1.png", "style/tar1.png", "input/photo.png"),
        "input/: photo.png: of no pair: not used",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_not_used_beside_a_good_pair_is_said(tmp_path: Path, name: str) -> None:
    files, text = SAID[name]
    touch(tmp_path, *files)
    dataset = open_dataset(tmp_path)
    assert len(dataset.pairs) == 1
    assert dataset.faults == ()
    assert [one.text for one in dataset.unused] == [text.replace("{root}", str(tmp_path))]


REFUSED = {
    "a format that is not read": (("p/content.bmp", "p/style.jpg"), [f"p/content.bmp: BMP {SAVE}"]),
    "raw": (("p/content.raw", "p/style.jpg"), [f"p/content.raw: RAW {SAVE}"]),
    "no suffix": (
        ("p/content", "p/style.jpg"),
        ["p/content is no name that is read: give it its suffix, as in content.jpg"],
    ),
    "a copy alone": (("p/Copy of content.jpg", "p/style.jpg"), [f"p/Copy of content.jpg {RENAME} content.jpg"]),
    "a suffix that nobody knows": (
        ("p/content.jpg_large", "p/style.jpg"),
        ["p/content.jpg_large: JPG_LARGE is not read: save it as JPEG or PNG"],
    ),
    "a space behind the suffix": (("p/content.jpg", "p/style.png "), [f"p/style.png  {RENAME} style.png"]),
    "a mask of another kind": (
        (*PAIR, "p/content_mask.json", "p/style_mask.png"),
        ["p/content_mask.json: JSON is not read: save it as PNG"],
    ),
    "two suffixes": (("p/content.jpg.jpg", "p/style.jpg"), [f"p/content.jpg.jpg {RENAME} content.jpg"]),
    "hyphens": (
        (*PAIR, "p/content-mask.png", "p/style-mask.png"),
        [
            f"p/content-mask.png {RENAME} content_mask.png",
            f"p/style-mask.png {RENAME} style_mask.png",
        ],
    ),
    "spaces": ((*PAIR, "p/Content Mask.png", "p/style_mask.png"), [f"p/Content Mask.png {RENAME} content_mask.png"]),
    "a mask by another word": (
        (*PAIR, "p/content_seg.png", "p/style_mask.png"),
        [f"p/content_seg.png {RENAME} content_mask.png"],
    ),
    "masks of a project": (
        (*PAIR, "p/content_mask.xcf", "p/style_mask.psd"),
        [
            "p/content_mask.xcf: XCF is not read: save it as PNG",
            "p/style_mask.psd: PSD is not read: save it as PNG",
        ],
    ),
    "two in other case": (
        (*PAIR, "p/CONTENT.jpg"),
        ["p/CONTENT.jpg and content.jpg both could be the content: keep one"],
    ),
    "two formats": ((*PAIR, "p/content.webp"), ["p/content.jpg and content.webp both could be the content: keep one"]),
    "another photo": (
        ("p/IMG_1.jpg", "p/style.jpg"),
        ["p/no content photo: add one (JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files); IMG_1.jpg: not used"],
    ),
    "of the release": (("input/in1.gif", "style/tar1.png"), [f"pair 1: in1.gif: GIF {SAVE}"]),
    "of folders": (("content/a.jpg", "style/a.jxl"), [f"pair a: a.jxl: JXL {SAVE}"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_missing_under_its_name_is_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    files, texts = REFUSED[name]
    touch(tmp_path, *files)
    dataset = open_dataset(tmp_path)
    assert dataset.pairs == ()
    assert [fault.text for fault in dataset.faults] == texts


def test_a_pairs_folder_that_is_a_link_to_nothing_is_said(tmp_path: Path) -> None:
    touch(tmp_path, *PAIR)
    for name, target in (("q", "/media/usb/q"), ("r", "r"), (".s", "none")):
        (tmp_path / name).symlink_to(target)
    assert [one.text for one in open_dataset(tmp_path).unused] == [
        "q: a link to /media/usb/q, which is not there: not used",
        "r: a link to r, which leads back to it: not used",
    ]


def test_a_folder_that_can_not_be_looked_into_keeps_no_other_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As without its x bit, by which root is not kept out."""
    touch(tmp_path, *PAIR, "shut/content.jpg", "shut/style.jpg")
    stat = os.stat

    def denied(path: Path | str, **options: object) -> os.stat_result:
        if "shut/" in os.fspath(path):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", denied)
    dataset = open_dataset(tmp_path)
    assert [pair.name for pair in dataset.pairs] == ["p"]
    assert {fault.pair for fault in dataset.faults} == {"shut"}
    assert all("Permission denied: give this user the right to read" in fault.text for fault in dataset.faults)


def test_a_name_too_long_for_settings_of_its_own_is_a_pair(tmp_path: Path) -> None:
    touch(tmp_path, f"content/{'x' * 250}.jpg", f"style/{'x' * 250}.jpg")
    (pair,) = open_dataset(tmp_path).pairs
    assert pair.settings is None


def test_names_that_differ_in_case_only_are_pairs_of_their_own(tmp_path: Path) -> None:
    touch(tmp_path, "content/a.jpg", "content/A.jpg", "style/a.jpg", "style/A.jpg")
    assert sorted(pair.name for pair in open_dataset(tmp_path).pairs) == ["A", "a"]


def test_a_pairs_own_folder_says_how_to_run_that_pair(tmp_path: Path) -> None:
    touch(tmp_path, "my trip/beach/Content.jpg", "my trip/beach/style.png")
    with pytest.raises(DatasetError, match=r"one pair: photostyle run '.*/my trip' --pairs beach$"):
        open_dataset(tmp_path / "my trip" / "beach")


SCRIPTS = [
    "\u5bb6\u65cf\u3000\u65c5\u884c",
    "no\u00a0break",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u0645\u06cc\u200c\u0631\u0648\u06cc\u0645",
    "\u05d7\u05d5\u05e3\u200f 1",
    "\u0e17\u0e30\u0e40\u0e25",
    "\uf8ff",
    "a\u2003b",
    'it\'s "$HOME" & co; #1',
    "-rf",
    "~",
    "e\u0301t\u00e9",
    "CON",
    "trailing. ",
]


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_of_any_script_are_names_of_results(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}/content.jpg", f"{name}/style.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.faults == ()
    assert [pair.name for pair in dataset.pairs] == [name]


TRICKS = [
    "a\nb",
    "a\x1b[2J",
    "\x7f",
    "a\u2028b",
    "a\u202egnp.exe",
    "\udce9t\udce9",
    "metrics.csv",
    "Manifest.json",
    "\x85",
]


@pytest.mark.parametrize("name", TRICKS)
def test_controls_and_tricks_are_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}/content.jpg", f"{name}/style.jpg")
    (fault,) = open_dataset(tmp_path).faults
    assert fault.text == f"{name!r} can't name a folder of results: rename it"
    assert fault.pair.isprintable()


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/\u202d\u202e"), min_size=1)
)
def test_every_name_without_controls_is_one_of_results(name: str) -> None:
    assume(name not in (".", "..") and name.lower() not in OURS)
    assert names_a_folder(name)


@given(st.text(min_size=1), st.sampled_from(["Cc", "Cs", "Zl", "Zp"]), st.integers(0, 10), st.data())
def test_no_name_with_one_is(name: str, category: str, at: int, data: st.DataObject) -> None:
    control = data.draw(st.characters(categories=[category]))
    assert not names_a_folder(name[:at] + control + name[at:])


@given(st.text())
def test_case_and_composition_make_no_difference(name: str) -> None:
    assert folded(name) == folded(unicodedata.normalize("NFD", name)) == folded(folded(name))


@given(st.sampled_from(["content", "style"]), st.sampled_from(["", "mask"]), st.sampled_from("-_ . "), st.booleans())
def test_what_a_name_seems_to_mean(side: str, mask: str, between: str, capitals: bool) -> None:
    name = f"{side}{between}{mask} 2.png".replace(". 2", " 2")
    role = looks_like(Path(name.upper() if capitals else name))
    assert role is not None
    assert role.startswith(side)
