import re

import pytest

from pipeline.compare.methods import CSV
from pipeline.pages.report.record import stage_records
from pipeline.steps.summaries.report import FOLDER, INDEX
from pipeline.store.manifest import Recipe, publish
from tests.pipeline.pages.report.example import make_case


@pytest.fixture
def case(tmp_path):
    return make_case(tmp_path, ["hill", "lake"])


def test_the_page_carries_every_picture_and_speaks_of_every_method(case):
    html = case.page()
    for number in (1, 2):
        for name in ("content", "style", "content-regions", "style-regions", "result-1", "result-2", "result-3"):
            assert html.count(f'<script type="text/plain" id="p{number}-{name}"') == 1
    assert {"stage one", "two-stage", "one-stage"} <= set(re.findall(r'alt="([^"]+)"', html))
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    assert not re.search(r"url\((?!#)", html)


def test_names_are_text_wherever_they_stand(tmp_path):
    evil = ["<script>alert(1)<", "<img src=x onerror=alert(2)>", "\"onfocus='alert(3)' x=&lt;"]
    html = make_case(tmp_path, evil, "<b>views").page()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "<b>views" not in html
    assert "\"onfocus='" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;") > 3


def test_it_is_kept_while_current_and_made_again_when_what_it_shows_changes(case):
    bring = case.bring_up_to_date
    index = case.results / FOLDER / INDEX
    assert not bring().settled
    first = index.read_text("utf-8")
    index_time = index.stat().st_mtime_ns
    assert bring().settled
    assert index.stat().st_mtime_ns == index_time
    scores = (case.results / CSV).read_text()
    (case.results / CSV).write_text(scores.replace("0.8", "0.9"))
    assert "scores changed" in bring().why
    assert index.read_text("utf-8") != first
    publish(case.results / "hill" / "smooth", Recipe("smooth", 1, {}, {"strength": 7}), {}, {})
    assert "hill smooth changed" in bring().why
    index.write_text("edited")
    assert bring().kind == "stale"
    assert index.read_text("utf-8") != "edited"


def test_what_is_missing_is_said_and_the_rest_shown(case):
    (case.results / "hill" / "onestage" / "image.png").unlink()
    html = case.page()
    assert "one-stage: not there: run `photostyle onestage`" in html
    assert 'id="p1-result-3"' not in html
    assert 'id="p2-result-3"' in html


def test_a_pair_that_was_not_compared_is_left_out(case):
    lines = (case.results / CSV).read_text().splitlines(keepends=True)
    (case.results / CSV).write_text("".join(line for line in lines if not line.startswith("hill,")))
    html = case.page()
    assert 'id="p2-' not in html
    assert ">lake<" in html


def test_the_record_tells_what_each_stage_took_and_every_setting_that_came_up(case):
    folders = [case.results / pair.name for pair in case.dataset.pairs]
    (folders[1] / "onestage" / "manifest.json").unlink()
    stage_one, two_stage, one_stage = stage_records(folders)
    assert (stage_one.method, two_stage.method, one_stage.method) == ("stage one", "two-stage", "one-stage")
    assert stage_one.seconds == pytest.approx((2.5, 2.0, 3.0))
    assert stage_one.settings == (("strength", "0.1, 0.2"),)
    assert dict(stage_one.facts) == {"device": "cpu", "numpy": "2"}
    assert one_stage.results == 1
    assert one_stage.peak_mib == pytest.approx((300, 300, 300))
