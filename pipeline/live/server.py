"""A server for one person: on 127.0.0.1, by the standard library, for a page with a secret in its address.

Another web page in the same browser could send requests here. It can't know the secret, which every request carries in
its address or in a header of its own; and what asks for another host, or comes from another origin, is refused too.
"""

import hmac
import secrets
import tempfile
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from pipeline.dataset.config import Config
from pipeline.dataset.layouts import Dataset, Pair
from pipeline.images.encoding import encode_png
from pipeline.live.live import PREVIEW, Live, Served, Side, Size
from pipeline.live.upload import Side as Uploaded
from pipeline.live.upload import Uploads
from pipeline.pages.page import render
from pipeline.pages.report.pictures import encode_jpeg
from pipeline.steps.progress import say

HOST = "127.0.0.1"
MAX_BYTES = 100_000_000
"""Of an uploaded photo."""
QUALITY = 92
TOKEN = "X-Photostyle-Token"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Reply(NamedTuple):
    """What is sent back."""

    body: bytes
    kind: str
    facts: Mapping[str, str] = MappingProxyType({})
    """Further headers."""


class RefusedError(Exception):
    """A request that is not answered."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def serve(dataset: Dataset, results: Path, config: Config, settings_of: Callable[[Pair], Config], port: int) -> None:
    """Serves the page until Ctrl-C.

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
    with Server(dataset, results, config, settings_of, port) as server:
        say(f"open {server.address}\nCtrl-C ends it; uploaded photos and their results are gone then.")
        server.serve_forever()


class Server(ThreadingHTTPServer):
    """The page's server; arguments and errors as for `serve`."""

    daemon_threads = True

    def __init__(
        self, dataset: Dataset, results: Path, config: Config, settings_of: Callable[[Pair], Config], port: int
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self.dataset = dataset
        self.live = Live([Served(pair, results / pair.name, settings_of(pair)) for pair in dataset.pairs], settings_of)
        self._folder = tempfile.TemporaryDirectory(prefix="photostyle-")
        self.uploads = Uploads(self.live, Path(self._folder.name), config)
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is, with the secret."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def server_close(self) -> None:
        """Lets go of the port, and of what was uploaded."""
        super().server_close()
        self._folder.cleanup()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        routes: dict[str, Callable[[dict[str, str]], Reply]] = {
            "/": self._page,
            "/pairs": self._pairs,
            "/picture": self._picture,
            "/smooth": self._smooth,
            "/progress": self._progress,
        }
        self._answer(routes)

    def do_POST(self) -> None:
        self._answer({"/save": self._save, "/upload": self._upload, "/start": self._start})

    def _answer(self, routes: dict[str, Callable[[dict[str, str]], Reply]]) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        status = HTTPStatus.OK
        try:
            self._admit(address.path, query)
            if address.path not in routes:
                raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
            reply = routes[address.path](query)
        except RefusedError as error:
            status, reply = error.status, _error(error)
        except (ValueError, KeyError, ArithmeticError, MemoryError, OSError) as error:
            status, reply = HTTPStatus.BAD_REQUEST, _error(error)
        self.send_response(status)
        if status is not HTTPStatus.OK or self.command == "POST":
            self.send_header("Connection", "close")  # a body may be left unread: it must not be taken for a request
        for name, value in {"Content-Type": reply.kind, **HEADERS, **reply.facts}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _admit(self, path: str, query: dict[str, str]) -> None:
        own = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in own or (origin is not None and urlsplit(origin).netloc not in own):
            raise RefusedError(HTTPStatus.FORBIDDEN, "asked for from another place")
        token = query.get("token", "") if path == "/" else self.headers.get(TOKEN, "")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise RefusedError(HTTPStatus.FORBIDDEN, "open the address that `photostyle ui` printed")

    def _page(self, query: dict[str, str]) -> Reply:
        page = render(
            "ui.html", ("page.css", "ui.css"), "ui.js", served=True,
            name=self.server.dataset.name, token=self.server.token, preview=PREVIEW,
        )  # fmt: skip
        return Reply(page.encode(), "text/html; charset=utf-8")

    def _pairs(self, query: dict[str, str]) -> Reply:
        return _json(
            [
                {
                    "name": served.pair.name,
                    "lambda": served.config.smooth.lam,
                    "ready": served.link.exists(),
                    "place": None if served.pair.settings is None else self._place(served.pair.settings),
                }
                for served in list(self.server.live.pairs)
            ]
        )

    def _place(self, settings: Path) -> str:
        return str(settings.relative_to(self.server.dataset.root.parent))

    def _picture(self, query: dict[str, str]) -> Reply:
        side = msgspec.convert(query["side"], Side)
        size = msgspec.convert(query["size"], Size)
        return Reply(
            encode_jpeg(self.server.live.picture(int(query["pair"]), side, size), QUALITY, "444"), "image/jpeg"
        )

    def _smooth(self, query: dict[str, str]) -> Reply:
        size = msgspec.convert(query["size"], Size)
        smoothed = self.server.live.smooth(int(query["pair"]), float(query["lambda"]), size)
        seconds = smoothed.seconds.factor + smoothed.seconds.solve
        facts = {"X-Seconds": f"{seconds:.3f}", "X-Residual": f"{smoothed.residual:.1e}"}
        if query.get("kind") == "png":
            return Reply(encode_png(smoothed.image, 8), "image/png", facts)
        return Reply(encode_jpeg(smoothed.image, QUALITY, "444"), "image/jpeg", facts)

    def _save(self, query: dict[str, str]) -> Reply:
        file = self.server.live.save(int(query["pair"]), float(query["lambda"]))
        say(f"saved lambda {float(query['lambda']):g} in {file}")
        return _json({"place": self._place(file)})

    def _upload(self, query: dict[str, str]) -> Reply:
        side = msgspec.convert(query["side"], Uploaded)
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 < length <= MAX_BYTES:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a photo has at most {MAX_BYTES // 1_000_000} MB, this {length} bytes",
            )
        height, width = self.server.uploads.take(side, self.rfile.read(length))
        return _json({"width": width, "height": height})

    def _start(self, query: dict[str, str]) -> Reply:
        self.server.uploads.start()
        return _json({})

    def _progress(self, query: dict[str, str]) -> Reply:
        progress = self.server.uploads.progress
        return _json(None if progress is None else progress._asdict())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the page shows what went wrong."""


def _json(value: Any) -> Reply:
    return Reply(msgspec.json.encode(value), "application/json")


def _error(error: Exception) -> Reply:
    text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error) or type(error).__name__
    return _json({"error": text})
