"""What the tests of the pipeline share."""

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import msgspec
import pytest

from pipeline.events.errors import NetworkError
from pipeline.events.progress import OnEvent, underway
from pipeline.networks.loaded import Networks
from pipeline.networks.weights import load_encoder_weights
from pipeline.run import dataset
from pipeline.run.task import Outcome, Task
from pipeline.run.workers.pool import Perform
from pipeline.settings.config import Config

Tell = Callable[[str], None]

PATIENCE = 60_000
"""Milliseconds, for machines that have other things to do."""
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""The browser's own requests are none of the pages'."""


class InThisProcess:
    """A crew that does each task at once, in the test's process, which loads each network once for all tests."""

    kept: ClassVar[dict[bytes, Networks]] = {}

    def __init__(
        self, tasks: Sequence[Task], config: Config, perform: Perform, on_event: OnEvent, tell: Tell, workers: object
    ) -> None:
        which = msgspec.json.encode((config.encoder, config.device, config.segment))
        self.networks = self.kept.setdefault(which, Networks(config, tell))
        self.perform, self.on_event, self.ended = perform, on_event, deque[tuple[Task, Outcome]]()

    def __enter__(self) -> "InThisProcess":
        return self

    def __exit__(self, *error: object) -> None:
        """There is nothing to stop."""

    def free(self, task: Task) -> bool:
        return not self.ended

    def give(self, task: Task) -> None:
        with underway(self.on_event, task.title) as on_advance:
            self.ended.append((task, self.perform(task, self.networks.of(task.on_gpu), on_advance)))

    def wait(self) -> tuple[Task, Outcome]:
        return self.ended.popleft()


@pytest.fixture(scope="session")
def vgg16() -> None:
    """What needs the network is skipped where it can't be had."""
    try:
        load_encoder_weights("vgg16")
    except NetworkError as error:
        pytest.skip(f"VGG-16 can't be had here: {error}")


@pytest.fixture(autouse=True)
def in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of their own, which take seconds to start, do the tasks only in tests that are about them."""
    if request.node.get_closest_marker("workers") is None:
        monkeypatch.setattr(dataset, "Workers", InThisProcess)


def find_chromium() -> str | None:
    """Where the system's browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    playwright_api = pytest.importorskip("playwright.sync_api", reason="no Playwright here: `make test` installs it")
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install it (on Debian: apt-get install chromium), and `make test` again")
    playwright_api.expect.set_options(timeout=PATIENCE)
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, headless=True, args=QUIET, chromium_sandbox=os.getuid() != 0, timeout=PATIENCE
        )
        yield browser
        browser.close()


class Watched:
    """A page, and whatever it should not have done."""

    def __init__(self, page) -> None:
        self.page = page
        self.refused = False
        """Whether the server will refuse something, of which the browser then tells, sooner or later."""
        self.wrongs: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        page.on("dialog", lambda dialog: (self.wrongs.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._own(request.url) or self.wrongs.append(f"request: {request.url}"))

    def _hear(self, message) -> None:
        expected = self.refused and message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not expected:
            self.wrongs.append(message.text)

    @staticmethod
    def _own(url: str) -> bool:
        return url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:"))


@pytest.fixture
def watched(browser) -> Iterator[Watched]:
    """A page that fails the test for any error on its console, any dialog, and any request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page())
    watched.page.set_default_timeout(PATIENCE)
    yield watched
    context.close()
    assert watched.wrongs == []


@pytest.fixture
def page(watched):
    """That page."""
    return watched.page
