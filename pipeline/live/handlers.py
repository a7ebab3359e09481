"""The HTTP handlers: what the page asks for, and who may ask.

Another web page in the same browser could send requests here. It can't know the secret, which every request carries in
its address or in a header of its own; and what asks for another host, or comes from another origin, is refused too.
"""

import hmac
import secrets
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.dataset.pairs import Dataset
from pipeline.events.errors import reason_of
from pipeline.images.encoding import encode_png
from pipeline.live.live import PREVIEW, Dials, Live, Role, Scale
from pipeline.live.upload import Uploaded, Uploads
from pipeline.looks.export import encode_cube
from pipeline.looks.fitting import Example, fit_look
from pipeline.looks.look_file import encode_look, misfit_in_words
from pipeline.pages.page import render
from pipeline.pages.report.pictures import encode_jpeg

HOSTS = ["127.0.0.1", "localhost"]
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
TOLD = (HTTPException, ValueError, ArithmeticError, MemoryError, OSError)
"""Errors whose words are for the page."""

T = TypeVar("T")


class AskedPicture(msgspec.Struct):
    """One of a pair's own pictures."""

    pair: int
    side: Role
    size: Scale


class AskedSolution(Dials):
    """Stage two of a pair."""

    pair: int
    size: Scale
    kind: Literal["jpeg", "png"] = "jpeg"


class AskedLook(Dials):
    """A look that does to all colours what stage two did to a pair's."""

    pair: int
    kind: Literal["look", "cube"]


class AskedPlace(Dials):
    """Dials to be kept for a pair."""

    pair: int


class AskedUpload(msgspec.Struct):
    """A photo that comes as the request's body."""

    side: Uploaded
    name: str = ""


class Site:
    """The page of a dataset and all that it asks for."""

    def __init__(self, dataset: Dataset, live: Live, uploads: Uploads) -> None:
        self.token = secrets.token_urlsafe(24)
        self._dataset, self._live, self.uploads = dataset, live, uploads

    def application(self) -> Starlette:
        """For an ASGI server. What is no coroutine runs in a thread."""
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/pairs", self._pairs),
                Route("/picture", self._picture),
                Route("/smooth", self._smooth),
                Route("/look", self._look),
                Route("/save", self._save, methods=["POST"]),
                Route("/upload", self._upload, methods=["POST"]),
                Route("/start", self._start, methods=["POST"]),
                Route("/progress", self._progress),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS),
                Middleware(BaseHTTPMiddleware, dispatch=self._admit),
            ],
            exception_handlers=dict.fromkeys(TOLD, _tell),
        )

    async def _admit(self, request: Request, answer: RequestResponseEndpoint) -> Response:
        token = request.query_params.get("token") if request.url.path == "/" else request.headers.get(TOKEN)
        origin = request.headers.get("Origin")
        if not hmac.compare_digest((token or "").encode(), self.token.encode()):
            response = _refusal("open the address that `photostyle ui` printed", HTTPStatus.FORBIDDEN)
        elif origin not in (None, f"http://{request.headers['Host']}"):
            response = _refusal("asked for from another place", HTTPStatus.FORBIDDEN)
        else:
            response = await answer(request)
        response.headers.update(HEADERS)
        return response

    def _page(self, request: Request) -> Response:
        names = {"name": self._dataset.name, "token": self.token, "preview": PREVIEW}
        return HTMLResponse(
            render("ui.html", ("page.css", "viewer.css", "ui.css"), ("viewer.js", "ui.js"), served=True, **names)
        )

    def _pairs(self, request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "name": served.pair.name,
                    "lambda": served.config.smooth.lam,
                    "mu": served.config.smooth.mu,
                    "ready": served.link.exists(),
                    "place": None if served.pair.settings is None else self._place(served.pair.settings),
                }
                for served in list(self._live.pairs)
            ]
        )

    def _place(self, settings: Path) -> str:
        return str(settings.relative_to(self._dataset.root.parent))

    def _picture(self, request: Request) -> Response:
        asked = _asked(request, AskedPicture)
        picture = self._live.picture(asked.pair, asked.side, asked.size)
        return Response(encode_jpeg(picture, QUALITY, "444"), media_type="image/jpeg")

    def _smooth(self, request: Request) -> Response:
        asked = _asked(request, AskedSolution)
        smoothed = self._live.smooth(asked.pair, asked, asked.size)
        image, seconds = smoothed.image, smoothed.seconds.factor + smoothed.seconds.solve
        body = encode_png(image, 8) if asked.kind == "png" else encode_jpeg(image, QUALITY, "444")
        facts = {"X-Seconds": f"{seconds:.3f}", "X-Residual": f"{smoothed.residual:.1e}"}
        return Response(body, headers=facts, media_type=f"image/{asked.kind}")

    def _look(self, request: Request) -> Response:
        asked = _asked(request, AskedLook)
        name = self._live.pairs[asked.pair].pair.name if 0 <= asked.pair < len(self._live.pairs) else ""
        result = self._live.smooth(asked.pair, asked, "preview").image.clip(0, 1)
        look = fit_look([Example(self._live.picture(asked.pair, "content", "preview"), result)], {"content": name})
        body = encode_cube(look.table, name) if asked.kind == "cube" else encode_look(look)
        return Response(body, headers={"X-Unheld": misfit_in_words(look)}, media_type="application/octet-stream")

    def _save(self, request: Request) -> Response:
        asked = _asked(request, AskedPlace)
        file = self._live.save(asked.pair, asked)
        print(f"saved lambda {asked.lam:g} and mu {asked.mu:g} in {file}", file=sys.stderr, flush=True)
        return JSONResponse({"place": self._place(file)})

    async def _upload(self, request: Request) -> Response:
        asked, data = _asked(request, AskedUpload), bytearray()
        async for part in request.stream():
            data += part
            if len(data) > MAX_BYTES:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"the {asked.side} photo has over {MAX_BYTES // 1_000_000} MB: make it smaller",
                )
        height, width = await run_in_threadpool(self.uploads.take, asked.side, asked.name, bytes(data))
        return JSONResponse({"width": width, "height": height})

    def _start(self, request: Request) -> Response:
        self.uploads.start()
        return JSONResponse({})

    def _progress(self, request: Request) -> Response:
        progress = self.uploads.progress
        return JSONResponse(None if progress is None else progress._asdict())


def _asked(request: Request, kind: type[T]) -> T:
    return msgspec.convert(dict(request.query_params), kind, strict=False)


def _tell(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _refusal(error.detail, error.status_code)
    return _refusal(reason_of(error), HTTPStatus.BAD_REQUEST)


def _refusal(text: str, status: int) -> Response:
    return JSONResponse({"error": text}, status)
