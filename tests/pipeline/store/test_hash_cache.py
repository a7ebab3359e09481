"""What is remembered of files is what they hold, however they are changed."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store import hash_cache
from pipeline.store.hash_cache import FILE, TICK_NS, HashCache
from pipeline.store.recall import Known


class Asked:
    """A question about files' bytes, and how often it had to be found out."""

    def __init__(self, *files: Path) -> None:
        self.files = files
        self.times = 0

    def __call__(self) -> Known:
        self.times += 1
        return Known({file.name: file.read_text() for file in self.files}, ("read",))

    def of(self, cache: HashCache) -> Known:
        return cache.recall("bytes", self.files, self)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are older than a tick; their own times can't be set back, so the clock is put forward."""
    now = time.time_ns
    monkeypatch.setattr(hash_cache.time, "time_ns", lambda: now() + 2 * TICK_NS)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    for name in "ab":
        (tmp_path / name).write_text(name)
    return tmp_path / "a", tmp_path / "b"


def test_untouched_files_are_read_once_for_all_runs(tmp_path: Path, files: tuple[Path, ...], later: None) -> None:
    asked, cache = Asked(*files), HashCache(tmp_path)
    first = asked.of(cache)
    assert asked.of(cache) == first == Known({"a": "a", "b": "b"}, ("read",))
    cache.save()
    assert asked.of(HashCache(tmp_path)) == first
    assert asked.times == 1


def rewrite(path: Path) -> None:
    path.write_text("c")


def rewrite_and_put_the_time_back(path: Path) -> None:
    before = path.stat()
    path.write_text("c")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_one_of_the_same_size_and_time(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("c")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    os.replace(other, path)


def link_elsewhere(path: Path) -> None:
    path.with_name("other").write_text("c")
    path.unlink()
    path.symlink_to("other")


@pytest.mark.parametrize(
    "touch", [rewrite, rewrite_and_put_the_time_back, replace_by_one_of_the_same_size_and_time, link_elsewhere]
)
def test_a_touched_file_is_read_again(tmp_path: Path, files: tuple[Path, ...], later: None, touch) -> None:
    asked, cache = Asked(*files), HashCache(tmp_path)
    asked.of(cache)
    touch(files[1])
    assert asked.of(cache).hashes == {"a": "a", "b": "c"}


@given(st.lists(st.sampled_from(["write", "ask", "save and ask"]), max_size=30))
def test_quick_changes_of_equal_size_are_never_missed(
    tmp_path_factory: pytest.TempPathFactory, actions: list[str]
) -> None:
    """Within one tick stamps may be equal: then nothing may be remembered."""
    folder = tmp_path_factory.mktemp("quick")
    asked, cache, held = Asked(folder / "a"), HashCache(folder), 0
    (folder / "a").write_text("0")
    for action in actions:
        if action == "write":
            held = (held + 1) % 10
            (folder / "a").write_text(str(held))
        elif action == "save and ask":
            cache.save()
            cache = HashCache(folder)
        assert asked.of(cache).hashes == {"a": str(held)}


def test_what_changes_while_it_is_read_is_not_remembered(tmp_path: Path, files: tuple[Path, ...], later: None) -> None:
    cache = HashCache(tmp_path)

    def read_then_change() -> Known:
        known = Known({"a": files[0].read_text()})
        rewrite(files[0])
        return known

    assert cache.recall("bytes", files, read_then_change).hashes == {"a": "a"}
    assert Asked(*files).of(cache).hashes["a"] == "c"


def test_errors_and_files_that_are_not_there_are_not_remembered(tmp_path: Path, later: None) -> None:
    cache, asked = HashCache(tmp_path), Asked(tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        asked.of(cache)
    (tmp_path / "a").write_text("a")
    assert asked.of(cache).hashes == {"a": "a"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-9],
        lambda data: data.replace(b'{"a":"a"', b'{"a":["a"]'),
        lambda data: data.replace(b'"maker":"', b'"maker":"0'),
        lambda data: b"[" * 100_000,
        lambda data: b"\xff\xfe",
    ],
)
def test_a_damaged_or_foreign_cache_is_made_anew(tmp_path: Path, files: tuple[Path, ...], later: None, damage) -> None:
    asked, cache = Asked(*files), HashCache(tmp_path)
    asked.of(cache)
    cache.save()
    whole = (tmp_path / FILE).read_bytes()
    assert damage(whole) != whole
    (tmp_path / FILE).write_bytes(damage(whole))
    cache = HashCache(tmp_path)
    assert asked.of(cache).hashes == {"a": "a", "b": "b"}
    assert asked.times == 2
    cache.save()
    assert asked.of(HashCache(tmp_path)).hashes == {"a": "a", "b": "b"}
    assert asked.times == 2


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, files: tuple[Path, ...], later: None) -> None:
    cache = HashCache(tmp_path / "none")
    Asked(*files).of(cache)
    cache.save()
    assert not (tmp_path / "none").exists()
