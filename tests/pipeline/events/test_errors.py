"""The system's errors, as people are told them."""

import errno
import os
from pathlib import Path

import pytest

from pipeline.events.errors import REMEDIES, in_words, reason_of


@pytest.mark.parametrize("number", REMEDIES)
def test_each_names_the_file_the_reason_and_the_remedy(number: int) -> None:
    told = in_words(OSError(number, os.strerror(number), "/disk/photo.png"))
    assert told == f"/disk/photo.png: {os.strerror(number)}: {REMEDIES[number]}"
    assert "Errno" not in told


def test_the_file_may_be_known_by_its_reader_only() -> None:
    assert in_words(OSError(errno.EIO, "input/output error", 13), Path("a.png")).startswith(
        "a.png: input/output error: "
    )
    assert in_words(OSError("no such thing")) == "no such thing"


def test_other_errors_say_what_they_say() -> None:
    assert reason_of(ValueError("two of them")) == "two of them"
    assert reason_of(ValueError()) == "ValueError"
    assert reason_of(PermissionError(errno.EACCES, "Permission denied", "a")).startswith("a: Permission denied: give")
