"""`make` hands each name on as it is, whatever signs are in it."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = [
    "my holiday",
    "it's",
    'a "quoted" name',
    "$HOME & co; #1",
    "costs $5, or $$7",
    "photos (2)",
    "a\\b",
    "家族　旅行",
    "-x",
    "`id`",
    "*",
]


def dry_run(target: str, **variables: str) -> list[str]:
    """The words of the command that a target would run."""
    settings = [f"{name}={value}" for name, value in variables.items()]
    # As from a shell, also where `make test` runs the tests: a make within a make says more.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", "-o", ".venv/.ready", target, *settings]
    told = subprocess.run(command, cwd=ROOT, env=outside, text=True, capture_output=True)
    assert told.returncode == 0, told.stderr
    return shlex.split(told.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", NAMES)
def test_names_are_one_word_each(name: str) -> None:
    words = dry_run("status", DATA=name, RESULTS=f"{name} results")
    assert words[1:] == ["status", name, "--results", f"{name} results"]


def test_options_are_words_of_their_own() -> None:
    words = dry_run("smooth", LAMBDA="1e-2", OPTIONS="--size 300 --pairs 'a b'")
    assert words[-6:] == ["--smooth.lambda", "1e-2", "--size", "300", "--pairs", "a b"]
