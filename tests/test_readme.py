"""What the README shows can be typed as it stands."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.cli.arguments import parse
from pipeline.dataset.config import Config
from pipeline.dataset.layers import load_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", README, re.S | re.M)


SHELL = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
COMMANDS = [part.strip() for line in SHELL for part in line.split("&&") if part.strip().startswith("photostyle ")]


def test_the_settings_are_accepted(tmp_path):
    (block,) = blocks("toml")
    (tmp_path / "photostyle.toml").write_text(block)
    assert load_config(tmp_path, None) != Config()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_accepted(command):
    assert type(parse(command.split()[1:])).__name__.lower() == command.split()[1]


def test_the_targets_are_in_the_makefile():
    targets = {line.split()[1] for line in SHELL if line.startswith("make ")}
    rules = re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(), re.M)
    assert len(targets) >= 5
    assert targets <= {name for rule in rules for name in rule.split()}


def test_the_python_imports_what_there_is():
    (block,) = blocks("python")
    imports = [node for node in ast.parse(block).body if isinstance(node, ast.ImportFrom)]
    assert len(imports) >= 5
    for node in imports:
        module = import_module(str(node.module))
        assert all(hasattr(module, alias.name) for alias in node.names)


def test_links_into_the_repository_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("https:")]
    assert len(links) >= 3
    assert [link for link in links if not (ROOT / link).exists()] == []
