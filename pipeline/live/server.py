"""A server for one person: on this machine only, and nothing of what was uploaded stays when it ends."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import uvicorn

from pipeline.dataset.pairs import Dataset, Pair
from pipeline.live.handlers import HOSTS, Site
from pipeline.live.live import Live, Served
from pipeline.live.making import through_stage_one
from pipeline.live.upload import Uploads, uploads_folder
from pipeline.networks.loaded import Network
from pipeline.settings.config import Config


def serve(dataset: Dataset, results: Path, config: Config, settings_of: Callable[[Pair], Config], port: int) -> None:
    """Serves the page until Ctrl-C, or until the process is told to end or its terminal closes.

    Args:
        dataset: the pairs to choose from.
        results: the folder that holds one folder for each pair.
        config: the settings for uploaded photos.
        settings_of: all settings of a pair.
        port: 0 is any free one.

    Raises:
        ConfigError: a pair's own settings can't be used.
        OSError: the port is taken.
    """
    with _ending_in_good_order(), Server(dataset, results, config, settings_of, port) as server:
        print(
            f"open {server.address}\nCtrl-C ends it; uploaded photos and their results are gone then.",
            file=sys.stderr,
            flush=True,
        )
        server.run()


class Server(ExitStack):
    """The page's server, which holds its port and the uploads for as long as the block lasts."""

    def __init__(
        self, dataset: Dataset, results: Path, config: Config, settings_of: Callable[[Pair], Config], port: int
    ) -> None:
        super().__init__()
        self.live = Live([Served(pair, results / pair.name, settings_of(pair)) for pair in dataset.pairs], settings_of)
        self._socket = self.enter_context(socket.create_server((HOSTS[0], port)))
        self.folder = self.enter_context(uploads_folder())
        make = partial(through_stage_one, self.live, config, Network(config))
        self.site = Site(dataset, self.live, Uploads(self.folder, make))
        self._uvicorn = uvicorn.Server(uvicorn.Config(self.site.application(), lifespan="off", log_level="error"))

    @property
    def port(self) -> int:
        """The one that it listens on."""
        return int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Where the page is, with the secret."""
        return f"http://{HOSTS[0]}:{self.port}/?token={self.site.token}"

    def run(self) -> None:
        """Answers until a signal or `stop` ends it."""
        self._uvicorn.run([self._socket])

    def stop(self) -> None:
        """Lets `run` return, from another thread."""
        self._uvicorn.should_exit = True


@contextmanager
def _ending_in_good_order() -> Iterator[None]:
    """A signal to end unwinds the block first. Then the process ends at once, whatever its threads are doing."""
    told: list[int] = []

    def unwind(number: int, frame: object) -> None:
        told.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, unwind)
    signal.signal(signal.SIGTERM, unwind)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is with nohup
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(told[0], signal.SIG_DFL)
        signal.raise_signal(told[0])
