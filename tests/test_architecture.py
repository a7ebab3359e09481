"""What imports what, where import-linter can't see it: at run time."""

import subprocess
import sys

import pytest


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
