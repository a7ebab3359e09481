from pathlib import Path

import pytest

from pipeline.delivery.destinations import destinations, photos_named


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner.jpg").mkdir()
    for name in ("b.JPG", "a.png", "c.heic", "d.psd", "notes.txt", ".hidden.jpg", "inner/e.jpg"):
        (folder / name).touch()
    return folder


def test_a_folder_gives_its_photos_by_name(photos: Path, tmp_path: Path) -> None:
    found = destinations([photos], tmp_path / "out")
    assert [(one.photo.name, one.output) for one in found.photos] == [
        ("a.png", tmp_path / "out" / "a.png"),
        ("b.JPG", tmp_path / "out" / "b.JPG"),
        ("c.heic", tmp_path / "out" / "c.jpg"),
    ]
    assert found.faults == ()
    assert ["d.psd" in note for note in found.notes] == [True]


def test_each_photo_once_in_the_order_in_which_they_were_named(photos: Path) -> None:
    named = photos_named([photos / "b.JPG", photos, photos / "a.png"])
    assert [path.name for path in named.photos] == ["b.JPG", "a.png", "c.heic"]


def test_results_of_one_name_are_told_apart_by_their_folders(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "B.jpg").touch()
    monkeypatch.chdir(photos)
    found = destinations([Path("b.JPG"), Path("../more"), Path("a.png")], tmp_path / "out")
    assert [one.output.name for one in found.photos] == ["photos_b.JPG", "more_B.jpg", "a.png"]
    assert found.faults == ()
    (note,) = found.notes
    assert note == "2 results would have another's name: they have their folders' too, as photos_b.JPG has"


def test_results_of_one_name_all_the_same_are_a_fault_of_the_second(photos: Path, tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder / "photos").mkdir(parents=True)
        (tmp_path / folder / "photos" / "e.jpg").touch()
    found = destinations([tmp_path / "x" / "photos", tmp_path / "y" / "photos"], tmp_path / "out")
    assert [one.output.name for one in found.photos] == ["photos_e.jpg"]
    assert all("the name of that of" in fault.text for fault in found.faults)
    assert len(found.faults) == 1


def test_what_is_not_there_is_a_fault(photos: Path) -> None:
    (photos / "gone.jpg").symlink_to(photos / "nowhere.jpg")
    named = photos_named([photos / "a.png", photos / "no.jpg", photos])
    assert [fault.pair for fault in named.faults] == ["no.jpg", "gone.jpg"]
    assert all("there is no such file" in fault.text for fault in named.faults)
    assert len(named.photos) == 3


def test_a_raw_file_beside_its_jpeg_has_a_result_of_its_own(photos: Path, tmp_path: Path) -> None:
    for name in ("b.dng", "c.webp"):
        (photos / name).touch()
    found = destinations([photos], tmp_path / "out")
    assert [one.output.name for one in found.photos] == ["a.png", "b.JPG", "b.dng.jpg", "c.heic.jpg", "c.webp.jpg"]
    assert found.faults == found.notes[1:] == ()


def test_names_that_can_t_be_printed_are_faults(photos: Path) -> None:
    (photos / "a\x1b[31m.jpg").touch()
    named = photos_named([photos])
    assert "a.png" in {path.name for path in named.photos}
    assert ["\x1b" in fault.text for fault in named.faults] == [False]


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    assert "holds no photo" in photos_named([tmp_path]).faults[0].text
