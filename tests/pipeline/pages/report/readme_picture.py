"""The README's picture of a report: `python -m tests.pipeline.pages.report.readme_picture REPORT PAIR FILE`.

For `data/report.jpg`: results/demo/report/index.html alps-in-autumn data/report.jpg, after `make run`.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.pipeline.conftest import QUIET, find_chromium

MARGIN = 24
QUALITY = 82


def take(report: Path, pair: str, file: Path) -> None:
    """A pair's slider and strip, and its first close-up."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=QUIET, chromium_sandbox=os.getuid() != 0
        )
        page = browser.new_page(viewport={"width": 1120, "height": 2400}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        section = page.locator("section.pair").filter(has=page.get_by_role("heading", name=pair, exact=True))
        section.scroll_into_view_if_needed()
        section.locator("img[data-picture]:not([src])").first.wait_for(state="detached")
        section.locator("img").evaluate_all("images => Promise.all(images.map(image => image.decode()))")
        top = section.locator("h2").bounding_box()
        bottom = section.locator(".place").first.bounding_box()
        assert top is not None
        assert bottom is not None
        scrolled = page.evaluate("scrollY")
        clip = {
            "x": top["x"] - MARGIN,
            "y": scrolled + top["y"],
            "width": top["width"] + 2 * MARGIN,
            "height": bottom["y"] + bottom["height"] - top["y"],
        }
        page.screenshot(path=file, type="jpeg", quality=QUALITY, full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
