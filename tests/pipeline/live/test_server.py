"""What the server answers, and what it refuses."""

import errno
import html
import http.client
import io
import json
import time
from urllib.parse import urlencode

import numpy as np
import psutil
import pytest
from PIL import Image

from pipeline.images.encoding import encode_png
from pipeline.live import handlers, upload
from pipeline.live.handlers import TOKEN
from pipeline.live.live import Dials
from pipeline.settings.config import Config
from stages.settings import Stylize
from tests.pipeline.live.serving import serving
from tests.pipeline.pages.report.example import make_case, photo

CONFIG = Config(size=90, encoder="vgg16", device="cpu", stylize=Stylize(sizes=(32,), evaluations=(2,)))


@pytest.fixture
def server(tmp_path):
    case = make_case(tmp_path, ["hill", "<script>alert(1)<"])
    with serving(case.dataset, case.results, CONFIG) as server:
        yield server


def ask(server, path, *, method="GET", body=None, headers=None, known=True, **query):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {**({TOKEN: server.site.token} if known else {}), **(headers or {})}
    connection.request(method, f"{path}?{urlencode(query)}", body, headers)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response, data


def picture(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.float32) / 255


def test_it_listens_on_this_machine_only(server):
    listening = [one.laddr.ip for one in psutil.Process().net_connections("tcp") if one.laddr.port == server.port]
    assert listening == ["127.0.0.1"]


def test_the_page_is_at_the_printed_address_and_takes_nothing_from_elsewhere(server):
    response, _ = ask(server, "/", known=False)
    assert response.status == 403
    response, data = ask(server, "/", known=False, token=server.site.token)
    assert response.status == 200
    policy = html.unescape(data.decode())
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN: "wrong"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/pairs"), ("POST", "/save"), ("POST", "/upload")])
def test_others_are_refused(server, headers, method, path):
    response, data = ask(server, path, method=method, headers=headers, pair=0, mu=3, **{"lambda": 0.5})
    assert response.status == 403
    assert set(json.loads(data)) == {"error"}
    assert not server.live.pairs[0].pair.settings.exists()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", ""])
def test_another_host_is_refused(server, host):
    assert ask(server, "/pairs", headers={"Host": host})[0].status == 400


def test_errors_carry_the_same_headers_as_answers(server):
    for path in ("/pairs", "/nothing", "/smooth"):
        headers = ask(server, path)[0].headers
        assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")


def test_pairs_are_listed_with_their_names_as_text(server):
    _, data = ask(server, "/pairs")
    listed = {pair["name"]: pair for pair in json.loads(data)}
    assert set(listed) == {"hill", "<script>alert(1)<"}
    assert listed["hill"] == {
        "name": "hill",
        "lambda": Config().smooth.lam,
        "mu": Config().smooth.mu,
        "ready": True,
        "place": "views/hill/photostyle.toml",
    }


def test_stage_two_comes_as_a_picture_with_its_seconds(server):
    response, data = ask(server, "/smooth", pair=1, size="full", kind="png", mu=3, **{"lambda": 0.01})
    assert response.status == 200
    assert float(response.headers["X-Seconds"]) > 0
    assert float(response.headers["X-Residual"]) < 1e-8
    expected = server.live.smooth(1, Dials(lam=0.01, mu=3), "full").image
    np.testing.assert_allclose(picture(data), expected.clip(0, 1), atol=0.6 / 255)
    _, data = ask(server, "/picture", pair=1, side="content", size="preview")
    assert picture(data).shape == (60, 90, 3)


@pytest.mark.parametrize(
    "query",
    [
        {"pair": 7, "lambda": 0.1, "mu": 3, "size": "full"},
        {"pair": "../hill", "lambda": 0.1, "mu": 3, "size": "full"},
        {"pair": 0, "lambda": "nan", "mu": 3, "size": "full"},
        {"pair": 0, "lambda": 0.1, "mu": 3, "size": "huge"},
        {"pair": 0, "size": "full"},
        {"pair": 0, "lambda": 0.1, "mu": -1, "size": "full"},
        {"pair": 0, "lambda": 0.1, "mu": 3, "size": "full", "strength": 1.6},
        {"pair": 0, "lambda": 0.1, "mu": 3, "size": "full", "strength": "nan"},
    ],
    ids=str,
)
def test_nonsense_is_told_and_the_server_goes_on(server, query):
    response, data = ask(server, "/smooth", **query)
    assert response.status == 400
    assert json.loads(data)["error"]
    assert ask(server, "/pairs")[0].status == 200


def test_keeping_the_dials_writes_the_pairs_own_file(server):
    response, data = ask(server, "/save", method="POST", pair=1, mu=3, **{"lambda": 0.007})
    assert response.status == 200
    assert json.loads(data) == {"place": "views/hill/photostyle.toml"}
    (hill,) = [pair for pair in json.loads(ask(server, "/pairs")[1]) if pair["name"] == "hill"]
    assert (hill["lambda"], hill["mu"]) == (0.007, 3)


def test_a_body_that_nobody_reads_is_not_taken_for_a_request(server):
    head = f"Host: 127.0.0.1:{server.port}\r\n{TOKEN}: {server.site.token}"
    hidden = f"POST /save?pair=0&lambda=0.5&mu=3 HTTP/1.1\r\n{head}\r\n\r\n"
    response, _ = ask(server, "/save", method="POST", body=hidden.encode(), pair=1, mu=3, **{"lambda": 0.1})
    assert response.status == 200
    assert server.live.pairs[1].pair.settings.exists()
    assert not server.live.pairs[0].pair.settings.exists()


def test_photos_are_read_as_strictly_as_a_datasets(server, monkeypatch):
    response, data = ask(server, "/upload", method="POST", body=b"GIF89a and more", side="content")
    assert response.status == 400
    assert json.loads(data)["error"].startswith("the content photo: of another kind")
    response, data = ask(server, "/upload", method="POST", body=b"", side="style")
    assert response.status == 400
    assert json.loads(data)["error"].startswith("the style photo: an empty file")
    response, _ = ask(server, "/upload", method="POST", body=encode_png(photo(0), 8), side="../../evil")
    assert response.status == 400
    monkeypatch.setattr(handlers, "MAX_BYTES", 1_000_000)
    for body in (bytes(1_000_001), iter([bytes(500_000)] * 3)):  # the latter without a length in its header
        response, data = ask(server, "/upload", method="POST", body=body, side="content")
        assert response.status == 413
        assert json.loads(data)["error"] == "the content photo has over 1 MB: make it smaller"
    response, data = ask(server, "/start", method="POST")
    assert response.status == 400
    assert "choose a content and a style photo first" in json.loads(data)["error"]
    assert [path.name for path in server.folder.iterdir()] == [".lock"]


def test_a_full_disk_is_told_in_words_and_leaves_no_part_of_a_photo(server, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(upload, "write_atomically", full)
    response, data = ask(server, "/upload", method="POST", body=encode_png(photo(0), 8), side="content")
    assert response.status == 400
    assert json.loads(data)["error"].endswith("No space left on device: free some space, then the same command goes on")
    assert [path.name for path in server.folder.iterdir()] == [".lock"]


def wait(server, far_enough):
    deadline = time.monotonic() + 300
    while not far_enough(progress := json.loads(ask(server, "/progress")[1])):
        assert not progress["error"]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return progress


def test_two_photos_become_a_draft_and_then_a_pair(server, vgg16):
    for seed, side in enumerate(("content", "style")):
        _, data = ask(
            server, "/upload", method="POST", body=encode_png(photo(seed), 8), side=side, name=f"../<{side}>.png"
        )
        assert json.loads(data) == {"width": 90, "height": 60}
    assert ask(server, "/start", method="POST")[0].status == 200
    wait(server, lambda progress: progress["pair"] is not None)
    draft = server.live.picture(2, "stage-one", "full")
    assert wait(server, lambda progress: progress["done"])["pair"] == 2
    assert np.abs(server.live.picture(2, "stage-one", "full") - draft).max() > 1e-3
    assert len(server.live.pairs) == 3
    assert json.loads(ask(server, "/pairs")[1])[2]["name"] == "<content> in the look of <style>"
    assert ask(server, "/smooth", pair=2, size="preview", mu=3, **{"lambda": 0.1})[0].status == 200
    _, data = ask(server, "/save", method="POST", pair=2, mu=3, **{"lambda": 0.1})
    assert "belongs to no dataset" in json.loads(data)["error"]
