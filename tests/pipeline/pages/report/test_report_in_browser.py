"""The report as people use it, in Chromium, from disk."""

import pytest

from tests.pipeline.pages.report.example import make_case

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
