"""The three layouts, and every fault of a dataset told at once."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare import methods
from pipeline.dataset.file_names import OURS
from pipeline.dataset.opening import open_dataset
from pipeline.dataset.pairs import DatasetError, Pair
from pipeline.store import manifest


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def relative(pair: Pair, root: Path) -> dict[str, object]:
    """The pair's paths within the dataset, without what is not there."""
    fields = pair._asdict() | {"comparisons": {k: str(v.relative_to(root)) for k, v in pair.comparisons.items()}}
    fields.pop("mask_rules")
    return {k: str(v.relative_to(root)) if isinstance(v, Path) else v for k, v in fields.items() if v}


def test_own_layout(tmp_path: Path) -> None:
    touch(tmp_path, "p10/content.jpg", "p10/style.TIFF", "p10/compare_other way.png", "p10/notes.txt")
    touch(tmp_path, "p2/content.png", "p2/style.png", "p2/content_mask.png", "p2/style_mask.png")
    touch(tmp_path, "README.md", ".git/content.png", "empty/readme.txt", "p2/.content.png", "p2/._content.png")
    dataset = open_dataset(tmp_path)
    assert dataset.name == tmp_path.name
    assert dataset.faults == ()
    assert [relative(pair, tmp_path) for pair in dataset.pairs] == [
        {
            "name": "p2",
            "content": "p2/content.png",
            "style": "p2/style.png",
            "content_mask": "p2/content_mask.png",
            "style_mask": "p2/style_mask.png",
            "settings": "p2/photostyle.toml",
        },
        {
            "name": "p10",
            "content": "p10/content.jpg",
            "style": "p10/style.TIFF",
            "comparisons": {"other way": "p10/compare_other way.png"},
            "settings": "p10/photostyle.toml",
        },
    ]


def test_the_papers_release(tmp_path: Path) -> None:
    touch(tmp_path, *(f"input/in{n}.png" for n in (1, 2, 10)), *(f"style/tar{n}.png" for n in (1, 2, 10)))
    touch(tmp_path, "segmentation/in2.png", "segmentation/tar2.png")
    touch(tmp_path, "tmp_results/out2_t_1000.png", "final_results/best2_t_1000.png", "final_results/best1_t_500.png")
    dataset = open_dataset(tmp_path)
    assert dataset.faults == ()
    assert [pair.name for pair in dataset.pairs] == ["1", "2", "10"]
    assert relative(dataset.pairs[1], tmp_path) == {
        "name": "2",
        "content": "input/in2.png",
        "style": "style/tar2.png",
        "content_mask": "segmentation/in2.png",
        "style_mask": "segmentation/tar2.png",
        "comparisons": {
            "authors_stage_one": "tmp_results/out2_t_1000.png",
            "authors_final": "final_results/best2_t_1000.png",
        },
        "settings": "photostyle.2.toml",
    }
    assert dataset.pairs[0].content_mask is None
    assert dataset.pairs[0].comparisons == {}


@pytest.mark.parametrize(
    "folders",
    [
        ("content_img", "style_img", "content_seg", "style_seg"),
        ("content", "style", "content_segment", "style_segment"),
    ],
)
def test_folders_of_equal_names(tmp_path: Path, folders: tuple[str, ...]) -> None:
    touch(tmp_path, *(f"{folder}/city.{'pgm' if 'seg' in folder else 'jpg'}" for folder in folders))
    touch(tmp_path, f"{folders[0]}/sea.png", f"{folders[1]}/sea.png")
    dataset = open_dataset(tmp_path)
    assert dataset.faults == ()
    assert [pair.name for pair in dataset.pairs] == ["city", "sea"]
    assert dataset.pairs[0].content_mask == tmp_path / folders[2] / "city.pgm"
    assert dataset.pairs[1].style_mask is None


def test_every_fault_is_told_and_sound_pairs_are_kept(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere.png"
    elsewhere.touch()
    touch(root, "good/content.png", "good/style.png", "lonely/content.png", "bare/style.png")
    touch(root, "twice/content.png", "twice/content.jpg", "twice/style.png")
    touch(root, "half/content.png", "half/style.png", "half/style_mask.png")
    touch(root, "new\nline/content.png", "new\nline/style.png", "link/style.png")
    (root / "link/content.png").symlink_to(elsewhere)
    dataset = open_dataset(root)
    assert [pair.name for pair in dataset.pairs] == ["good"]
    told = {fault.pair: fault.text for fault in dataset.faults}
    assert told.keys() == {"lonely", "bare", "twice", "half", "'new\\nline'", "link"}
    assert "no style photo: add one (JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files)" in told["lonely"]
    assert "no content photo" in told["bare"]
    assert "content.jpg and content.png both could be the content: keep one" in told["twice"]
    assert "has a style_mask but no content_mask" in told["half"]
    assert "rename it" in told["'new\\nline'"]
    assert "leads out of the dataset's folder" in told["link"]


def test_what_is_no_dataset_is_refused_with_the_layouts(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="none is not there"):
        open_dataset(tmp_path / "none")
    touch(tmp_path, "photo.jpg", "more/photo.jpg")
    with pytest.raises(DatasetError, match=r"holds no pair of photos; the layouts are\n.*content.* and style") as error:
        open_dataset(tmp_path)
    assert "content_segment" in str(error.value)


def test_what_a_hostile_dataset_may_hold_is_a_fault(tmp_path: Path) -> None:
    root, outside = tmp_path / "data", tmp_path / "outside"
    touch(outside, "content.png", "style.png", "photostyle.toml")
    for name in ("circle", "dangling", "settings", "words", "metrics.csv", "Sweep.CSV"):
        touch(root, f"{name}/content.png", f"{name}/style.png")
    replace_by_link(root / "circle" / "content.png", "content.png")
    replace_by_link(root / "dangling" / "style.png", outside / "none.png")
    (root / "settings" / "photostyle.toml").symlink_to(outside / "photostyle.toml")
    touch(root, "words/compare_\x1b[2J.png", "inside/style.png", "good/content.png", "good/style.png")
    (root / "inside" / "content.png").symlink_to("../good/content.png")
    (root / "whole").symlink_to(outside)
    dataset = open_dataset(root)
    assert [pair.name for pair in dataset.pairs] == ["good", "inside"]
    told = {fault.pair: fault.text for fault in dataset.faults}
    assert told.keys() == {"circle", "dangling", "settings", "words", "metrics.csv", "Sweep.CSV", "whole"}
    assert "words/'compare_\\x1b[2J' can't be printed: rename it" in told["words"]
    assert "'metrics.csv' can't name a folder of results: rename it" in told["metrics.csv"]
    assert "circle/content.png: a link to content.png, which leads back to it: put the file" in told["circle"]
    assert f"a link to {outside / 'none.png'}, which is not there: put the file in its place" in told["dangling"]
    for name in ("settings", "whole"):
        assert "a link that leads out of the dataset's folder: copy the file there" in told[name]


def replace_by_link(path: Path, target: str | Path) -> None:
    path.unlink()
    path.symlink_to(target)


def test_no_pair_can_take_the_name_of_a_result_of_the_dataset() -> None:
    assert {methods.CSV, methods.TABLE, manifest.FILE, methods.SWEEP} == OURS


def test_a_folder_that_can_not_be_read_is_a_fault_of_its_own(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "closed/content.png", "closed/style.png", "open/content.png", "open/style.png")
    (tmp_path / "closed").chmod(0)
    if os.access(tmp_path / "closed", os.R_OK):
        pytest.skip("this user may read everything, as root does")
    dataset = open_dataset(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert [pair.name for pair in dataset.pairs] == ["open"]
    assert [fault.text for fault in dataset.faults] == ["closed/: Permission denied"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(NAMES.filter(lambda name: name not in (".", "..")))
def test_no_name_leads_out_of_the_results(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    root = tmp_path_factory.mktemp("names")
    touch(root, f"{name}/content.png", f"{name}/style.png", "other/content.png", "other/style.png")
    dataset = open_dataset(root)
    for pair in dataset.pairs:
        assert (Path("/results") / pair.name).resolve().parent == Path("/results")
        assert not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in pair.name)
    assert len(dataset.pairs) + len(dataset.faults) == 1 + (not name.startswith(".")) - (name == "other")


def test_each_folder_is_listed_once_however_many_pairs_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("content", "style"):
        (tmp_path / folder).mkdir()
        for number in range(30):
            (tmp_path / folder / f"{number}.png").touch()
    listed, iterdir = [], Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: (listed.append(path), iterdir(path))[1])
    assert len(open_dataset(tmp_path).pairs) == 30
    assert len(listed) == len(set(listed)) == 3
