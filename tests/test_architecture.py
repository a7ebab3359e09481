"""What imports what, where import-linter can't see it: at run time, and how deep it goes."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "module", ["pipeline.cli.main", "pipeline.steps.summaries.view", "stages.smooth", "stages.settings"]
)
def test_importing_never_imports_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_a_look_is_applied_without_waiting_for_what_it_does_not_need() -> None:
    heavy = ("torch", "numba", "scipy.sparse", "scipy.ndimage", "sksparse", "skimage", "jinja2")
    code = (
        f"import sys, pipeline.cli.main, pipeline.cli.actions.looks; sys.exit(any(m in sys.modules for m in {heavy}))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_the_smooth_stage_runs_where_there_is_no_torch() -> None:
    code = """
import sys
sys.modules["torch"] = None  # importing it raises ImportError
import numpy as np
from stages.smooth import smooth
image = np.random.default_rng(0).random((12, 17, 3), dtype=np.float32)
result = smooth(image, image, 0.1)
assert result.image.shape == image.shape
assert result.residual < 1e-8
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("first", ["", "import pipeline.steps.summaries.sweep, pipeline.pages.report.report;"])
def test_the_application_is_imported_from_its_room_whatever_was_before(first: str) -> None:
    code = f"{first} from pipeline.run import run_dataset, task; sys.exit(not callable(run_dataset))"
    assert subprocess.run([sys.executable, "-c", f"import sys; {code}"], timeout=120).returncode == 0


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Without what is imported for types alone."""
    return grimp.build_graph("pipeline", "stages", exclude_type_checking_imports=True, cache_dir=None)


@pytest.fixture(scope="module")
def imports(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """By module, those of ours that it imports, wherever in it."""
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_chain_of_rooms_is_longer_than_eight(imports: dict[str, set[str]]) -> None:
    """The stages are one room here, the lowest."""

    def room(module: str) -> str:
        return ".".join(module.split(".")[: 1 if module.startswith("stages") else 2])

    rooms: dict[str, set[str]] = {}
    for module, imported in imports.items():
        rooms.setdefault(room(module), set()).update({room(each) for each in imported} - {room(module)})
    assert len(longest_chain(rooms)) <= 8, longest_chain(rooms)


def test_no_chain_of_modules_is_longer_than_eight(graph: grimp.ImportGraph, imports: dict[str, set[str]]) -> None:
    """As they are loaded; what is imported within functions, when it is asked for, makes them eleven at most."""

    def when_loaded(module: str, imported: str) -> bool:
        file = ROOT / f"{module.replace('.', '/')}.py"
        lines = (file if file.exists() else file.with_suffix("") / "__init__.py").read_text("utf-8").splitlines()
        found = graph.get_import_details(importer=module, imported=imported)
        return any(not lines[one["line_number"] - 1][0].isspace() for one in found)

    inner = {module: {one for one in imported if one.startswith("pipeline")} for module, imported in imports.items()}
    assert len(longest_chain(inner)) <= 11, longest_chain(inner)
    loaded = {module: {one for one in imported if when_loaded(module, one)} for module, imported in inner.items()}
    assert len(longest_chain(loaded)) <= 8, longest_chain(loaded)


def test_no_folder_has_more_than_ten_modules() -> None:
    for top in ("pipeline", "stages"):
        for folder in [path for path in (ROOT / top).rglob("*") if path.is_dir()]:
            assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 10, folder


def longest_chain(imports: dict[str, set[str]]) -> tuple[str, ...]:
    """The first imports the second, and so on."""

    @cache
    def from_here(name: str) -> tuple[str, ...]:
        return (name, *max(map(from_here, imports[name]), key=len, default=()))

    return max(map(from_here, imports), key=len)
