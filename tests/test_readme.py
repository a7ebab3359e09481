"""What the READMEs show can be typed as it stands."""

import re
from pathlib import Path

import pytest

from pipeline.cli.commands import name_of
from pipeline.cli.parser import parse
from pipeline.events.errors import NetworkError
from pipeline.settings.config import Config
from pipeline.settings.layers import load_config

ROOT = Path(__file__).parents[1]
ROOMS = (".", "data", "pipeline", "stages", "tests/benchmarks")
READMES = {room: (ROOT / room / "README.md").read_text("utf-8") for room in ROOMS}


def blocks(language: str) -> list[str]:
    text = "\n".join(READMES.values())
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.S | re.M)


SHELL = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
COMMANDS = [part.strip() for line in SHELL for part in line.split("&&") if part.strip().startswith("photostyle ")]


@pytest.mark.parametrize("block", blocks("toml"))
def test_the_settings_are_accepted(block, tmp_path):
    (tmp_path / "photostyle.toml").write_text(block)
    assert load_config(tmp_path, None) != Config()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_accepted(command):
    words = command.split()[1:]
    assert " ".join(words).startswith(name_of(type(parse(words))))


def test_the_targets_are_in_the_makefile():
    targets = {line.split()[1] for line in SHELL if line.startswith("make ")}
    rules = re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(), re.M)
    assert len(targets) >= 5
    assert targets <= {name for rule in rules for name in rule.split()}


def test_the_python_runs(monkeypatch):
    """With small photos, few evaluations and the smaller encoder."""
    (block,) = blocks("python")
    few = "Stylize(sizes=(64,), evaluations=(2,))"
    smaller = {", 700)": ", 96)", 'weights("auto")': 'weights("vgg16")', "Stylize()": few}
    for shown, small in smaller.items():
        assert block.count(shown) == 1
        block = block.replace(shown, small)
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    try:
        exec(block, names)
    except NetworkError as error:
        pytest.skip(f"VGG-16 can't be had here: {error}")
    assert len({names[name].shape for name in ("content", "stylized", "anchor", "result")}) == 1


@pytest.mark.parametrize("room", ROOMS)
def test_links_into_the_repository_lead_somewhere(room):
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", READMES[room]) if not link.startswith("https:")]
    assert [link for link in links if not (ROOT / room / link).exists()] == []
