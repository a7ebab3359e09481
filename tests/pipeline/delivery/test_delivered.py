from pathlib import Path

import pytest

from pipeline.delivery import delivered
from pipeline.delivery.delivered import deliver, find_delivery


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "a.jpg"


def test_ours_is_known_and_what_decides_it_counts(path: Path) -> None:
    assert find_delivery(path, "one") == "missing"
    deliver(path, b"picture", "one")
    assert path.read_bytes() == b"picture"
    assert find_delivery(path, "one") == "current"
    assert find_delivery(path, "two") == "stale"
    path.unlink()
    assert find_delivery(path, "one") == "missing"


def test_what_was_changed_or_put_there_is_foreign(path: Path, tmp_path: Path) -> None:
    deliver(path, b"picture", "one")
    path.write_bytes(b"edited")
    assert find_delivery(path, "one") == "foreign"
    other = path.with_name("b.jpg")
    other.write_bytes(b"picture")
    assert find_delivery(other, "one") == "foreign"
    other.unlink()
    other.symlink_to(tmp_path / "nowhere")
    assert find_delivery(other, "one") == "foreign"


def test_a_kill_between_note_and_file_leaves_ours_ours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(path, b"old", "one")

    def killed(place: Path, data: bytes) -> None:
        if place == path:
            raise KeyboardInterrupt
        write(place, data)

    write = delivered.write_atomically
    monkeypatch.setattr(delivered, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        deliver(path, b"new", "two")
    assert path.read_bytes() == b"old"
    assert find_delivery(path, "two") == "stale"
    monkeypatch.undo()


def test_without_notes_or_with_damaged_ones_files_are_the_user_s(path: Path, cache: Path) -> None:
    deliver(path, b"picture", "one")
    (note,) = cache.rglob("*.json")
    note.write_text("{")
    assert find_delivery(path, "one") == "foreign"
    note.unlink()
    assert find_delivery(path, "one") == "foreign"


def test_files_of_one_name_in_two_folders_are_two(path: Path) -> None:
    other = path.parent.parent / "a.jpg"
    deliver(path, b"picture", "one")
    assert find_delivery(other, "one") == "missing"


def test_what_a_killed_run_left_of_a_file_goes_with_the_next(path: Path) -> None:
    left = path.with_name(".a.jpg.0123abcd.part")
    others = [path.with_name(name) for name in (".b.jpg.0123abcd.part", ".a.jpg.notours.part", ".a.jpg.part")]
    for one in (left, *others):
        one.write_bytes(b"half")
    deliver(path, b"picture", "one")
    made = path.with_name(".a.jpg.89abcdef.part")
    made.write_bytes(b"larger")
    deliver(path, made, "two")
    assert path.read_bytes() == b"larger"
    assert sorted(path.parent.iterdir()) == sorted([path, *others])
