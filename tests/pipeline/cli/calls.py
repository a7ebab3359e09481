"""Commands called, and what they leave behind."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.cli.main import main
from pipeline.dataset.results_folder import OWNER
from pipeline.store import hash_cache


def photostyle(command: str, dataset: Path, results: Path, *options: str) -> int:
    return main([command, str(dataset), "--results", str(results), *options])


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file by name, with the time it was written; but for the lock, the owner and the remembered hashes."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", OWNER, hash_cache.FILE)
    ]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def changed(before: dict[str, tuple[int, bytes]], after: dict[str, tuple[int, bytes]]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def in_a_process(argv: Sequence[str], *, and_then: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys\nfrom pipeline.cli.main import main\ncode = main(sys.argv[1:])\n{and_then}\nsys.exit(code)"
    return subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, timeout=300)
