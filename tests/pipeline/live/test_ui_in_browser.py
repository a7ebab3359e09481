"""The live page as people use it, in Chromium."""

import threading

import pytest
from playwright.sync_api import expect

from pipeline.dataset.config import Config, load_config
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.live.server import Server
from tests.pipeline.pages.report.example import make_case, photo, spoilt

EVIL = "<img src=x onerror=alert(1)>"
HEIGHT, WIDTH = 280, 420
"""Larger than the preview."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    case = make_case(tmp_path_factory.mktemp("ui"), [EVIL, "hill", "lake"])
    for pair in case.dataset.pairs:
        content = photo(5, HEIGHT, WIDTH)
        pair.content.write_bytes(encode_png(content, 8))
        pair.content_mask.unlink()
        pair.style_mask.unlink()
        (case.results / pair.name / "stylize" / "image.tiff").write_bytes(encode_tiff(spoilt(content)))
    (case.results / "lake" / "stylize" / "image.tiff").unlink()
    pairs = tuple(pair._replace(content_mask=None, style_mask=None) for pair in case.dataset.pairs)

    def settings_of(pair):
        return load_config(case.dataset.root, None, pair)

    with Server(case.dataset._replace(pairs=pairs), case.results, Config(), settings_of, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def live(page, server):
    page.goto(server.address)
    page.locator(".frame[data-shown]").wait_for()
    return page


def set_lambda(page, power):
    """Drags, and lets go; the milliseconds from then to the picture."""
    return page.evaluate(
        """async power => {
            const slider = document.getElementById("lambda"), frame = document.querySelector(".frame");
            const began = performance.now();
            slider.value = power;
            slider.dispatchEvent(new Event("input"));
            slider.dispatchEvent(new Event("change"));
            const wanted = Number((10 ** slider.value).toPrecision(3));
            while (JSON.parse(frame.dataset.shown).lambda !== wanted || frame.classList.contains("busy"))
                await new Promise(requestAnimationFrame);
            return performance.now() - began;
        }""",
        power,
    )


def test_lambda_is_solved_anew_as_it_is_dragged(live, capsys):
    over = live.locator("img.over")
    seen = {over.get_attribute("src")}
    times = []
    for power, written in ((-4, "1.00e-4"), (-3, "0.001"), (-2, "0.01"), (-1, "0.1"), (0, "1")):
        times.append(set_lambda(live, power))
        seen.add(over.get_attribute("src"))
        assert live.locator("#value").text_content() == written
    assert len(seen) == 6
    assert over.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [350, 233]
    with capsys.disabled():
        print(f"\nlive slider, from release to picture at 350x233: {sorted(round(time) for time in times)} ms")


def test_it_begins_at_the_pairs_lambda_and_keeps_another(live, server):
    live.locator("#pair").select_option(label="hill")
    expect(live.locator("#value")).to_have_text(f"{Config().smooth.lam:g}")
    set_lambda(live, -2)
    live.get_by_role("button", name="Keep for this pair").click()
    live.get_by_text("is kept in views/hill/photostyle.toml").wait_for()
    hill = next(served.pair for served in server.live.pairs if served.pair.name == "hill")
    assert load_config(server.dataset.root, None, hill).smooth.lam == 0.01
    live.reload()
    live.locator(".frame[data-shown]").wait_for()
    live.locator("#pair").select_option(label="hill")
    expect(live.locator("#value")).to_have_text("0.01")


def test_full_size_is_the_pairs_own(live):
    live.get_by_label("full size").check()
    live.locator('.frame[data-shown*="full"]:not(.busy)').wait_for()
    for side in ("over", "under"):
        expect(live.locator(f"img.{side}")).to_have_js_property("naturalWidth", WIDTH)
        expect(live.locator(f"img.{side}")).to_have_js_property("naturalHeight", HEIGHT)
    with live.expect_download() as download:
        live.get_by_role("button", name="Download at full size").click()
    assert download.value.suggested_filename == "photostyle.png"


def test_names_are_text_and_a_pair_without_stage_one_says_so(live):
    options = live.locator("#pair option")
    assert options.all_text_contents() == [EVIL, "hill", "lake (no stage one yet)"]
    assert options.nth(2).is_disabled()
    assert live.locator("#pair img").count() == 0


def test_a_file_that_is_no_photo_is_told(live, watched, tmp_path):
    watched.refused = True
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"GIF89a")
    live.get_by_label("Photo to change").set_input_files(bad)
    live.get_by_label("Photo with the look").set_input_files(bad)
    live.get_by_role("button", name="Make it").click()
    live.locator(".message").wait_for()
    told = live.locator(".message").text_content()
    assert told == "the content photo: of another kind: only PNG, JPEG and TIFF are read"


def test_without_the_secret_there_is_no_page(page, watched, server):
    watched.refused = True
    response = page.goto(f"http://127.0.0.1:{server.server_port}/")
    assert response.status == 403
    assert "open the address that `photostyle ui` printed" in page.text_content("body")
