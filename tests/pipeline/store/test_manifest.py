"""Manifests: current only if everything matches, and never after a kill between two writes."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store import files, manifest
from pipeline.store.manifest import Recipe, foreign_files, publish, read_failure, read_manifest, record_failure

RECIPE = Recipe("smooth", 1, {"content": "c0", "style": "5e"}, {"lambda": 0.1, "epsilon": 1e-7})
OTHER = Recipe("smooth", 1, {"content": "c0", "style": "5e"}, {"lambda": 0.2, "epsilon": 1e-7})
OUTPUTS = {"image16.png": b"sixteen", "image.png": b"eight"}


def is_current(folder: Path, recipe: Recipe) -> bool:
    found = read_manifest(folder)
    return found is not None and found.fingerprint == recipe.fingerprint() and found.intact(folder)


def test_what_was_published_is_current_until_anything_changes(tmp_path: Path) -> None:
    publish(tmp_path, RECIPE, OUTPUTS, {"seconds": 1.5})
    assert is_current(tmp_path, RECIPE)
    assert not is_current(tmp_path, OTHER)
    found = read_manifest(tmp_path)
    assert found is not None
    assert found.facts == {"seconds": 1.5}
    (tmp_path / "image.png").write_bytes(b"edited")
    assert not is_current(tmp_path, RECIPE)
    (tmp_path / "image.png").unlink()
    assert not is_current(tmp_path, RECIPE)


class Killed(BaseException):
    """Not an Exception, so nothing on the way may catch and mend it."""


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Makes the process "die" just before its step-th change to the disk; tells how many there were."""
    steps = 0

    def dying(change: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps == step:
                raise Killed
            return change(*args, **kwargs)

        return wrapped

    monkeypatch.setattr(files, "open", dying(open), raising=False)
    for name in ("replace", "fsync"):
        monkeypatch.setattr(files.os, name, dying(getattr(files.os, name)))
    monkeypatch.setattr(Path, "unlink", dying(Path.unlink))
    return lambda: steps


def test_a_kill_between_any_two_writes_leaves_nothing_half_valid(tmp_path: Path) -> None:
    new = {name: data + b" again" for name, data in OUTPUTS.items()}
    step, finished = 0, False
    while not finished:
        step += 1
        folder = tmp_path / str(step)
        publish(folder, RECIPE, OUTPUTS, {})
        with pytest.MonkeyPatch.context() as monkeypatch:
            kill_at(step, monkeypatch)
            try:
                publish(folder, OTHER, new, {})
                finished = True
            except Killed:
                pass
        assert foreign_files(folder, OUTPUTS) == []
        whole = {name: (folder / name).read_bytes() for name in OUTPUTS}
        assert all(data in (OUTPUTS[name], new[name]) for name, data in whole.items())
        assert not is_current(folder, RECIPE) or whole == OUTPUTS
        assert not is_current(folder, OTHER) or whole == new
        publish(folder, OTHER, new, {})
        assert is_current(folder, OTHER)
    assert step > 12  # four files, each with its temporary file, fsync and replace


def test_what_somebody_else_put_in_the_place_of_an_output_is_kept_under_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"theirs")
    assert foreign_files(tmp_path, OUTPUTS) == ["image.png"]
    publish(tmp_path, RECIPE, OUTPUTS, {})
    assert foreign_files(tmp_path, OUTPUTS) == []
    for number in (2, 3):
        (tmp_path / "image.png").write_bytes(b"edited")
        assert foreign_files(tmp_path, OUTPUTS) == ["image.png"]
        publish(tmp_path, RECIPE, OUTPUTS, {})
        assert (tmp_path / f"image.kept{number}.png").read_bytes() == b"edited"
    assert (tmp_path / "image.kept1.png").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 3 + len(OUTPUTS) + 1
    assert is_current(tmp_path, RECIPE)


def test_a_full_disk_leaves_the_old_result_whole_and_no_litter(tmp_path: Path) -> None:
    """Full at the opening, at the writing or at the fsync of any of the new files; after these nothing takes space."""
    publish(tmp_path, RECIPE, OUTPUTS, {})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for change in ("open", "write", "fsync"):
        for successes in range(len(OUTPUTS) + 2):
            with pytest.MonkeyPatch.context() as monkeypatch:
                fill_the_disk(change, successes, monkeypatch)
                with pytest.raises(OSError, match="No space left"):
                    publish(tmp_path, OTHER, {name: data + b" again" for name, data in OUTPUTS.items()}, {})
            assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert is_current(tmp_path, RECIPE)
    publish(tmp_path, OTHER, OUTPUTS, {})
    assert is_current(tmp_path, OTHER)


def fill_the_disk(change: str, successes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes one kind of change fail for want of space, after some successes."""
    left = successes

    def failing(function: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*args, **kwargs)

        return wrapped

    def open_for_failing_writes(*args: object, **kwargs: object) -> object:
        file = open(*args, **kwargs)  # type: ignore[call-overload]  # noqa: SIM115
        nonlocal left
        left -= 1
        if left < 0:  # Linux's /dev/full is a disk that is full when it is written to
            os.dup2(os.open("/dev/full", os.O_WRONLY), file.fileno())
        return file

    if change == "fsync":
        monkeypatch.setattr(files.os, "fsync", failing(os.fsync))
    else:
        monkeypatch.setattr(
            files, "open", failing(open) if change == "open" else open_for_failing_writes, raising=False
        )


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-40],
        lambda text: text.replace(b"0.1", b"0.2"),
        lambda text: text.replace(b"image.png", b"../image.png"),
        lambda text: text.replace(b'"facts"', b'"fact"'),
        lambda text: text.replace(b'"seconds": 1.5', b'"seconds": "<script>"'),
        lambda text: text.replace(b'"seconds": 1.5', b'"seconds": 1e999'),
        lambda text: text.replace(b'"facts": {', b'"facts": {"deep": ' + b"[" * 100_000),
        lambda text: text.replace(b'"facts": {', b'"facts": {"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b","),
        lambda text: text.replace(b'"stage": "smooth"', b'"stage": "\xff"'),
        lambda text: text.replace(b'"version": 1', b'"version": ' + b"9" * 5000),
        lambda text: b"",
    ],
)
def test_a_manifest_that_was_tampered_with_is_not_trusted(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    folder = tmp_path / "smooth"
    publish(folder, RECIPE, OUTPUTS, {"seconds": 1.5})
    (tmp_path / "image.png").write_bytes(OUTPUTS["image.png"])
    path = folder / manifest.FILE
    whole = path.read_bytes()
    assert damage(whole) != whole
    path.write_bytes(damage(whole))
    assert read_manifest(folder) is None


@given(st.data())
def test_a_mutated_manifest_is_the_same_or_not_trusted(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    publish(folder, RECIPE, OUTPUTS, {"seconds": 1.5})
    path = folder / manifest.FILE
    text = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(text)
    found = read_manifest(folder)
    assert found is None or found.fingerprint == found.recipe.fingerprint()


def test_a_pipe_in_a_manifest_s_place_is_not_waited_for(tmp_path: Path) -> None:
    publish(tmp_path, RECIPE, OUTPUTS, {})
    for name in ("image.png", manifest.FILE):
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
        assert not is_current(tmp_path, RECIPE)


def test_changes_are_told_in_words() -> None:
    now = Recipe("smooth", 2, {"content": "c1", "mask": "0"}, {"lambda": 0.3, "epsilon": 1e-7})
    assert now.changes(RECIPE) == [
        "version 1 -> 2",
        "content changed",
        "mask added",
        "style removed",
        "lambda 0.1 -> 0.3",
    ]
    assert RECIPE.changes(RECIPE) == []


def test_what_a_file_says_can_not_write_to_the_screen(tmp_path: Path) -> None:
    hostile = Recipe("smooth", 1, RECIPE.inputs, RECIPE.settings | {"lambda": "\x1b[2J" + 9000 * "9", "\x07": 1})
    told = RECIPE.changes(hostile)
    assert told[1].startswith("lambda  [2J999")
    record_failure(tmp_path, "ValueError: \x1b]0;gotcha\x07")
    failure = read_failure(tmp_path)
    assert failure is not None
    for text in [*told, failure.text]:
        assert text.isprintable()
        assert len(text) <= manifest.MOST_TOLD


VALUES = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5))


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_the_fingerprint_depends_on_values_and_not_on_their_order(settings: dict[str, object]) -> None:
    recipe = Recipe("stylize", 1, {}, settings)
    backwards = Recipe("stylize", 1, {}, dict(reversed(settings.items())))
    assert recipe.fingerprint() == backwards.fingerprint()
    decoded = msgspec.json.decode(msgspec.json.encode(recipe), type=Recipe)
    assert decoded.fingerprint() == recipe.fingerprint()
    assert decoded.changes(recipe) == []


def test_failures_are_recorded_until_the_next_success(tmp_path: Path) -> None:
    folder = tmp_path / "stylize"
    assert read_failure(folder) is None
    record_failure(folder, "ValueError: no\nattempt: none", "a1b2")
    assert read_failure(folder) == ("ValueError: no\nattempt: none", "a1b2")
    record_failure(folder, "ValueError: no")
    assert read_failure(folder) == ("ValueError: no", "")
    publish(folder, RECIPE, OUTPUTS, {})
    assert read_failure(folder) is None
