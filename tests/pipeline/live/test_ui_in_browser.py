"""The live page as people use it, in Chromium."""

import pytest

from pipeline.dataset.pairs import Dataset
from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.live.upload import Progress
from pipeline.looks.look_file import read_look
from pipeline.settings.config import Config
from pipeline.settings.layers import load_config
from tests.pipeline.live.serving import serving
from tests.pipeline.pages.report.example import make_case, photo, spoilt

expect = pytest.importorskip("playwright.sync_api", reason="no Playwright here: `make test` installs it").expect
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

    with serving(case.dataset._replace(pairs=pairs), case.results, Config()) as server:
        yield server


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
        assert live.locator("output[for=lambda]").text_content() == written
    assert len(seen) == 6
    assert over.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [350, 233]
    with capsys.disabled():
        print(f"\nlive slider, from release to picture at 350x233: {sorted(round(time) for time in times)} ms")


def test_mu_is_a_dial_too_and_reaches_nothing(live):
    expect(live.locator("output[for=mu]")).to_have_text(f"{Config().smooth.mu:g}")
    live.locator("#mu").fill("-2")
    live.locator('.frame[data-shown*="\\"mu\\":0,"]:not(.busy)').wait_for()
    expect(live.locator("output[for=mu]")).to_have_text("0")


def test_it_begins_at_the_pairs_lambda_and_keeps_another(live, server):
    live.locator("#pair").select_option(label="hill")
    expect(live.locator("output[for=lambda]")).to_have_text(f"{Config().smooth.lam:g}")
    set_lambda(live, -2)
    live.get_by_role("button", name="Keep for this pair").click()
    live.get_by_text(f"and μ = {Config().smooth.mu:g} are kept in views/hill/photostyle.toml").wait_for()
    hill = next(served.pair for served in server.live.pairs if served.pair.name == "hill")
    assert load_config(hill.settings.parents[1], None, hill.own_settings()).smooth.lam == 0.01
    live.reload()
    live.locator(".frame[data-shown]").wait_for()
    live.locator("#pair").select_option(label="hill")
    expect(live.locator("output[for=lambda]")).to_have_text("0.01")


def test_full_size_is_the_pairs_own(live):
    live.get_by_label("full size").check()
    live.locator('.frame[data-shown*="full"]:not(.busy)').wait_for()
    for side in ("over", "under"):
        expect(live.locator(f"img.{side}")).to_have_js_property("naturalWidth", WIDTH)
        expect(live.locator(f"img.{side}")).to_have_js_property("naturalHeight", HEIGHT)
    live.locator("#pair").select_option(label="hill")
    with live.expect_download() as download:
        live.get_by_role("button", name="Download at full size").click()
    assert download.value.suggested_filename == "hill.png"


@pytest.mark.parametrize("kind", ["look", "cube"])
def test_a_look_is_downloaded(live, kind, tmp_path):
    live.locator("#pair").select_option(label="hill")
    live.locator('.frame[data-shown*="\\"pair\\":\\"1\\""]:not(.busy)').wait_for()
    with live.expect_download() as download:
        live.get_by_role("button", name=f"Look (.{kind})").click()
    assert download.value.suggested_filename == f"hill.{kind}"
    download.value.save_as(tmp_path / f"hill.{kind}")
    expect(live.locator("#state")).to_contain_text("Delta E 2000")
    if kind == "look":
        assert read_look(tmp_path / "hill.look").record["content"] == "hill"
    else:
        assert "LUT_3D_SIZE 33" in (tmp_path / "hill.cube").read_text()


def test_the_full_view_is_of_full_size(live):
    expect(live.locator(".scopes figcaption").last).to_contain_text("burnt out")
    live.get_by_role("button", name="Full view").click()
    expect(live.locator("img.over")).to_have_js_property("naturalWidth", WIDTH)
    expect(live.locator(".frame output")).to_contain_text("%")
    live.keyboard.press("Escape")
    expect(live.get_by_role("button", name="Full view")).to_be_focused()


def test_names_are_text_and_a_pair_without_stage_one_says_so(live):
    options = live.locator("#pair option")
    assert options.all_text_contents() == [EVIL, "hill", "lake (no stage one yet)"]
    assert options.nth(2).is_disabled()
    assert live.locator("#pair img").count() == 0


def test_strength_at_nothing_is_the_content(live):
    live.locator("#side").select_option("content")
    live.locator("#strength").fill("0")
    live.locator('.frame[data-shown*="\\"strength\\":0"]:not(.busy)').wait_for()
    expect(live.locator("output[for=strength]")).to_have_text("0")
    of_both = live.locator(".frame img").evaluate_all(
        """images => Promise.all(images.map(async image => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 350, height: 233 });
            const context = canvas.getContext("2d");
            await image.decode();
            context.drawImage(image, 0, 0);
            return context.getImageData(0, 0, 350, 233).data.reduce((sum, value) => sum + value) / (350 * 233);
        }))"""
    )
    assert of_both[0] == pytest.approx(of_both[1], abs=1e-6)


def give(live, content, style):
    live.get_by_label("Photo to change").set_input_files(content)
    live.get_by_label("Photo with the look").set_input_files(style)
    live.get_by_role("button", name="Make it").click()


def test_a_file_that_is_no_photo_is_told_until_the_next_try(live, watched, tmp_path, server, monkeypatch):
    watched.refused = True
    (tmp_path / "bad.png").write_bytes(b"GIF89a")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "good.png").write_bytes(encode_png(photo(0), 8))
    message = live.locator(".message")
    for name, words in (("bad", "of another kind"), ("empty", "an empty file")):
        give(live, tmp_path / f"{name}.png", tmp_path / "good.png")
        expect(message).to_contain_text(f"the content photo: {words}")
        expect(live.locator("#job")).to_have_text(message.text_content())
    monkeypatch.setattr(server.site.uploads, "start", lambda: None)
    monkeypatch.setattr(server.site.uploads, "progress", Progress(text="loading"))
    give(live, tmp_path / "good.png", tmp_path / "good.png")
    expect(message).to_be_hidden()
    expect(live.locator("#job")).to_have_text("loading")


def test_a_draft_is_shown_while_stage_one_is_at_work(live, tmp_path, server, monkeypatch):
    (tmp_path / "good.png").write_bytes(encode_png(photo(0), 8))
    monkeypatch.setattr(server.site.uploads, "start", lambda: None)
    monkeypatch.setattr(server.site.uploads, "progress", Progress(3, 80, "stage one", pair=1))
    give(live, tmp_path / "good.png", tmp_path / "good.png")
    live.locator('.frame[data-shown*="\\"pair\\":\\"1\\""]').wait_for()
    expect(live.locator("#state")).to_have_text("This is a draft, without stage one, which is at work.")
    expect(live.locator("#job")).to_have_text("stage one: 3 of 80")
    draft = live.locator("img.over").get_attribute("src")
    monkeypatch.setattr(server.site.uploads, "progress", Progress(80, 80, "stage one", pair=1, done=True))
    expect(live.locator("#job")).to_have_text("Done: it is among the pairs above.")
    expect(live.locator("img.over")).not_to_have_attribute("src", draft)


def test_without_the_secret_there_is_no_page(page, watched, server):
    watched.refused = True
    response = page.goto(f"http://127.0.0.1:{server.port}/")
    assert response.status == 403
    assert "open the address that `photostyle ui` printed" in page.text_content("body")


def test_without_a_dataset_only_ones_own_photos_are_asked_for(page, tmp_path):
    with serving(Dataset("photostyle", tmp_path, (), ()), tmp_path, Config()) as server:
        page.goto(server.address)
        expect(page.locator("#upload")).to_be_visible()
        expect(page.locator(".frame")).to_be_hidden()
        expect(page.locator("#lambda")).to_be_hidden()
        expect(page.locator(".message")).to_be_hidden()
