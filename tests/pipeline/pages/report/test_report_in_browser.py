"""The report as people use it, in Chromium, from disk."""

import re

import pytest

from tests.pipeline.pages.report.example import make_case

expect = pytest.importorskip("playwright.sync_api", reason="no Playwright here: `make test` installs it").expect
ZOOMED = """(frame, times) => new Promise(resolve => {
    const zoom = () => Number(getComputedStyle(frame).getPropertyValue("--zoom"));
    const look = () => zoom() > times ? resolve() : requestAnimationFrame(look);
    look();
})"""
EVIL = "<img src=x onerror=alert(1)><script>alert(2)<"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    case = make_case(tmp_path_factory.mktemp("report"), ["hill", EVIL])
    file = case.results / "index.html"
    file.write_text(case.page(), "utf-8")
    return file.as_uri()


@pytest.fixture
def report(page, address):
    page.goto(address)
    return page


def test_a_thumbnail_leads_to_its_pair(report):
    report.set_viewport_size({"width": 390, "height": 800})
    report.locator('.gallery a[href="#pair-2"]').click()
    assert report.locator("#pair-2").evaluate("pair => pair.getBoundingClientRect().y") == pytest.approx(0, abs=2)


@pytest.mark.parametrize("width", [400, 600, 800, 1400])
def test_the_first_picture_is_on_the_first_screen_and_the_boxes_lie_on_their_picture(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    frame = page.locator(".frame").first.bounding_box()
    assert frame["y"] + frame["height"] < 800
    key = page.locator(".key").first
    key.scroll_into_view_if_needed()
    loaded(key.locator("img"))
    picture, box = key.locator("img").bounding_box(), key.locator("i").first.bounding_box()
    middle = (box["x"] + box["width"] / 2 - picture["x"]) / picture["width"]
    assert middle == pytest.approx(66 / 90, abs=0.06)  # the spot that stage one distorts
    assert box["width"] / picture["width"] == pytest.approx(0.2, abs=0.01)
    assert box["y"] + box["height"] <= picture["y"] + picture["height"]


def loaded(images):
    return images.evaluate_all(
        "images => Promise.all(images.map(image => image.decode().then(() => image.naturalWidth)))"
    )


def test_pictures_are_there_when_they_are_looked_at(report):
    pair = report.locator("#pair-1")
    pair.scroll_into_view_if_needed()
    report.locator("#pair-1 img[data-picture]:not([src])").first.wait_for(state="detached")
    assert set(loaded(pair.locator("img[data-picture]"))) == {90}
    assert all(loaded(report.locator(".gallery img")))


def test_the_slider_moves_by_mouse_and_by_keyboard(report):
    frame = report.locator("#pair-1 .frame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()

    def split():
        bar = frame.locator(".bar").bounding_box()
        return (bar["x"] + bar["width"] / 2 - box["x"]) / box["width"]

    assert split() == pytest.approx(0.5, abs=0.01)
    report.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    report.mouse.down()
    report.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 20)
    report.mouse.up()
    assert split() == pytest.approx(0.25, abs=0.02)
    clip = frame.locator(".over").evaluate("image => getComputedStyle(image).clipPath")
    assert clip.startswith("inset(0px 0px 0px 2")
    frame.locator("input").focus()
    for _ in range(4):
        report.keyboard.press("ArrowRight")
    assert split() == pytest.approx(0.27, abs=0.02)


def test_any_two_pictures_can_be_set_against_each_other(report):
    pair = report.locator("#pair-1")
    left, right = pair.locator("select").all()
    assert left.locator("option").all_text_contents() == [
        "content", "style", "content's regions", "style's regions", "stage one", "two-stage", "one-stage",
    ]  # fmt: skip
    left.select_option(label="style")
    pair.get_by_role("button", name="stage one").click()
    assert right.locator("option:checked").text_content() == "stage one"
    assert pair.locator(".tag").all_text_contents() == ["style", "stage one"]
    pair.get_by_role("button", name="Swap").click()
    assert pair.locator(".tag").all_text_contents() == ["stage one", "style"]
    assert pair.locator(".frame img.under").get_attribute("alt") == "stage one"
    pressed = pair.locator(".strip [aria-pressed=true]").all_text_contents()
    assert [text.strip() for text in pressed] == ["style", "stage one"]
    assert set(loaded(pair.locator(".frame img"))) == {90}


def test_close_ups_zoom_and_move_in_step(report):
    place = report.locator("#pair-1 .place").first
    place.scroll_into_view_if_needed()
    report.locator("#pair-1 img[data-picture]:not([src])").first.wait_for(state="detached")
    cells = place.locator(".cells")

    def windows():
        """Where each method's picture lies within its cell, and how large: one set of values if all are in step."""
        boxes = cells.locator(".cell").evaluate_all(
            """cells => cells.map(cell => {
                const outer = cell.getBoundingClientRect(), inner = cell.firstElementChild.getBoundingClientRect();
                const window = [inner.x - outer.x, inner.y - outer.y, inner.width / outer.width];
                return window.map(value => value.toFixed(2)).join(" ");
            })"""
        )
        assert len(boxes) == 4
        assert len(set(boxes)) == 1
        return [float(value) for value in boxes[0].split()]

    home = windows()
    assert home[2] == pytest.approx(5.0, abs=0.01)  # a close-up is a fifth of the photo
    place.get_by_role("button", name="Zoom in").click()
    assert windows()[2] == pytest.approx(1.5 * home[2], rel=0.01)
    cells.focus()
    before = windows()
    report.keyboard.press("ArrowLeft")
    assert windows()[0] > before[0]
    report.keyboard.press("-")
    assert windows()[2] == pytest.approx(home[2], rel=0.01)
    for _ in range(20):
        report.keyboard.press("-")
    assert windows()[2] == pytest.approx(1.5, abs=0.01)  # all of the photo's height, and no further
    report.keyboard.press("0")
    assert windows() == pytest.approx(home, abs=0.02)
    box = cells.locator(".cell").first.bounding_box()
    report.mouse.move(box["x"] + 80, box["y"] + 80)
    report.mouse.down()
    report.mouse.move(box["x"] + 100, box["y"] + 90)
    report.mouse.up()
    assert windows()[0] == pytest.approx(home[0] + 20, abs=0.5)
    assert windows()[1] == pytest.approx(home[1] + 10, abs=0.5)
    report.mouse.wheel(0, -100)  # the cells are in hand
    assert windows()[2] > home[2]


def test_tables_sort_both_ways_and_say_so(report):
    report.locator("details").first.evaluate("details => { details.open = true }")
    table = report.locator("table.sortable").nth(1)
    heading = table.get_by_role("columnheader", name="edge SSIM")

    def values():
        return table.locator("tbody tr td:nth-child(3)").all_text_contents()

    assert values() == ["1.000", "0.500", "0.800", "0.700"] * 2
    heading.get_by_role("button").click()
    assert values() == ["1.000", "1.000", "0.800", "0.800", "0.700", "0.700", "0.500", "0.500"]
    assert heading.get_attribute("aria-sort") == "descending"
    heading.get_by_role("button").press("Enter")
    assert values()[0] == "0.500"
    assert heading.get_attribute("aria-sort") == "ascending"
    table.get_by_role("columnheader", name="method").get_by_role("button").click()
    assert table.locator("tbody tr td:nth-child(2)").all_text_contents()[:2] == ["content", "content"]
    assert heading.get_attribute("aria-sort") is None


def test_an_injected_name_is_shown_as_text(report):
    assert report.locator("#name-1").text_content() == EVIL
    assert report.locator("#pair-1 h2 *").count() == 0
    assert EVIL in report.locator(".gallery a").first.text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_follows_the_colour_scheme(page, address, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(value) for value in paper.removeprefix("rgb(").removesuffix(")").split(","))
    assert (brightness < 150) == (scheme == "dark")


def test_a_weakened_picture_lets_the_content_through(report):
    """At 0.25, a quarter of the result and three quarters of the content, as --strength computes."""
    pair = report.locator("#pair-1")
    pair.scroll_into_view_if_needed()
    loaded(pair.locator(".frame img:not(.base)"))
    pair.locator("input.strength").fill("0.25")
    expect(pair.locator("input.strength + output")).to_have_text("0.25")
    loaded(pair.locator(".frame img.base"))
    assert pair.locator(".frame img.over").evaluate("image => getComputedStyle(image).opacity") == "0.25"
    pictures = pair.locator("select").first.locator("option")
    shown = pair.locator(".frame img.base").get_attribute("data-picture")
    assert shown == pictures.first.get_attribute("value")
    pair.locator("input.strength").fill("0")  # the waveform is that of what is seen: the content's
    report.wait_for_function(
        """() => {
            const [left, right] = [...document.querySelectorAll("#pair-1 canvas.wave")].map((wave) => wave.toDataURL());
            return left === right;
        }"""
    )
    pair.locator("input.strength").fill("1")


def test_waveforms_and_what_is_clipped(report):
    pair = report.locator("#pair-1")
    pair.scroll_into_view_if_needed()
    captions = pair.locator(".scopes figcaption")
    expect(captions.first).to_have_text(re.compile(r"content: \d+\.\d % burnt out, \d+\.\d % black"))
    expect(captions.last).to_have_text(re.compile(r"two-stage: "))
    lit = pair.locator("canvas.wave").evaluate_all(
        """waves => waves.map(wave => wave.getContext("2d").getImageData(0, 0, wave.width, wave.height).data
            .filter((value, at) => at % 4 < 3 && value > 0).length)"""
    )
    assert min(lit) > 500
    marks = pair.locator(".frame .mark")
    assert marks.evaluate_all("marks => marks.map(mark => mark.hidden)") == [True, True]
    pair.get_by_label("mark what is clipped").check()
    assert marks.evaluate_all("marks => marks.map(mark => mark.hidden)") == [False, False]


def test_the_full_view_zooms_about_the_pointer_and_closes(report):
    pair = report.locator("#pair-1")
    pair.scroll_into_view_if_needed()
    frame = pair.locator(".frame")
    loaded(frame.locator("img:not(.base)"))
    pair.get_by_role("button", name="Full view").click()
    box = frame.bounding_box()
    size = report.viewport_size
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, size["width"], size["height"])
    at = """image => {
        const box = image.getBoundingClientRect();
        return [(300 - box.x) / box.width, (200 - box.y) / box.height, box.width / innerWidth];
    }"""
    before = frame.locator("img.over").evaluate(at)
    report.mouse.move(300, 200)
    report.mouse.wheel(0, -300)
    frame.evaluate(ZOOMED, 2)
    after = frame.locator("img.over").evaluate(at)
    assert after[:2] == pytest.approx(before[:2], abs=0.01)
    assert after[2] > 2 * before[2]
    frame.get_by_role("button", name="One pixel to one").click()
    report.keyboard.press("0")
    assert frame.locator("img.over").evaluate(at)[2] == pytest.approx(before[2], abs=0.01)
    report.keyboard.press("Escape")
    expect(frame).not_to_have_class(re.compile("large"))


def test_the_split_stays_where_it_is_when_the_picture_is_zoomed(report):
    """The right picture begins under the bar, at any zoom."""
    pair = report.locator("#pair-1")
    pair.scroll_into_view_if_needed()
    frame = pair.locator(".frame")
    loaded(frame.locator("img:not(.base)"))
    pair.get_by_role("button", name="Full view").click()
    report.mouse.move(900, 500)
    report.mouse.wheel(0, -400)
    frame.evaluate(ZOOMED, 3)
    edge = frame.locator("img.over").evaluate(
        """image => {
            const room = document.createElement("div"), probe = document.createElement("div");
            room.style.width = `${image.clientWidth}px`;
            probe.style.paddingLeft = getComputedStyle(image).clipPath.match(/^inset\\(\\S+ \\S+ \\S+ (.*)\\)$/)[1];
            room.append(probe);
            document.body.append(room);
            const left = parseFloat(getComputedStyle(probe).paddingLeft);
            return image.getBoundingClientRect().x + left * image.getBoundingClientRect().width / image.clientWidth;
        }"""
    )
    bar = frame.locator(".bar").bounding_box()
    assert edge == pytest.approx(bar["x"] + bar["width"] / 2, abs=3)
