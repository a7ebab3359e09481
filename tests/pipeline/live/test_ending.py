"""However the server ends, what was uploaded is gone: at once, or when the next one starts."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from pipeline.images.encoding import encode_png
from pipeline.live.upload import PREFIX, uploads_folder
from tests.pipeline.live.test_server import ask, wait
from tests.pipeline.pages.report.example import make_case, photo


class Process:
    """`photostyle ui` as a program, as far as `ask` needs it."""

    def __init__(self, root, *options):
        case = make_case(root, ["hill"])
        command = [sys.executable, "-m", "pipeline.cli.main", "ui", str(case.dataset.root), "--results"]
        command += [str(case.results.parent), "--port", "0", *options]
        (root / "tmp").mkdir()
        environment = {**os.environ, "TMPDIR": str(root / "tmp")}
        self.program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        address = self.program.stderr.readline()
        self.port = int(address.split(":")[2].split("/")[0])
        self.token = address.strip().split("token=")[1]
        self.site = self


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_nothing_stays_after(tmp_path, number):
    server = Process(tmp_path)
    ask(server, "/upload", method="POST", body=encode_png(photo(0), 8), side="content")
    assert list((tmp_path / "tmp").glob(f"{PREFIX}*/next_content"))
    server.program.send_signal(number)
    _, errors = server.program.communicate(timeout=60)
    assert server.program.returncode == -(signal.SIGTERM if number == signal.SIGHUP else number)
    assert "Traceback" not in errors
    assert list((tmp_path / "tmp").glob(f"{PREFIX}*")) == []


def test_a_job_at_work_ends_with_the_server(tmp_path, vgg16):
    options = "--encoder vgg16 --device cpu --size 90 --stylize.sizes 90 --stylize.evaluations 9999"
    server = Process(tmp_path, *options.split(), "--stylize.tolerance", "0")
    for side in ("content", "style"):
        ask(server, "/upload", method="POST", body=encode_png(photo(0), 8), side=side)
    ask(server, "/start", method="POST")
    wait(server, lambda progress: progress["step"] > 0)
    server.program.send_signal(signal.SIGHUP)
    server.program.communicate(timeout=60)
    assert server.program.returncode == -signal.SIGTERM
    assert list((tmp_path / "tmp").glob(f"{PREFIX}*")) == []


def test_what_a_killed_server_left_goes_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, others = tmp_path / f"{PREFIX}dead", tmp_path / "photostyle-holiday"
    for folder in (left, others):
        (folder / "1").mkdir(parents=True)
        (folder / "1" / "content").write_bytes(b"a photo")
    (tmp_path / f"{PREFIX}link").symlink_to(others)
    with uploads_folder() as first:
        assert not left.exists()
        with uploads_folder() as second:
            assert first.exists()
            assert second != first
    assert not first.exists()
    assert (others / "1" / "content").exists()
