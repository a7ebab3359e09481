import numpy as np
import pytest

from pipeline.images.encoding import encode_png, encode_tiff
from pipeline.images.sizes import shrink
from pipeline.live import live as live_module
from pipeline.live.live import PREVIEW, Dials, Live, Served
from pipeline.settings.config import Config
from pipeline.settings.layers import load_config
from pipeline.steps.step import STAGE_ONE_IMAGE
from stages.segment import Regions
from stages.smooth import find_anchor, find_target, mu_at_size, smooth
from tests.pipeline.pages.report.example import make_case, photo, spoilt

CONFIG = Config(size=400)


@pytest.fixture
def case(tmp_path):
    return make_case(tmp_path, ["hill", "lake"])


@pytest.fixture
def live(case):
    def settings_of(pair):
        return load_config(case.dataset.root, None, pair.own_settings())

    pairs = [Served(pair, case.results / pair.name, settings_of(pair)) for pair in case.dataset.pairs]
    return Live(pairs, settings_of)


def test_it_solves_what_stage_two_solves(live):
    result = live.smooth(0, Dials(lam=0.01, mu=0.3), "full").image
    content, link = live.picture(0, "content", "full"), live.picture(0, "stage-one", "full")
    labels = np.repeat([0, 1], 30)[:, None].repeat(90, axis=1)  # as the masks are painted
    regions = Regions(labels, labels, 2)
    anchor = find_anchor(content, live.picture(0, "style", "full"), regions)
    target = find_target(link, anchor, content, CONFIG.smooth.emphasis, regions)
    np.testing.assert_allclose(result, smooth(content, target, 0.01, mu_at_size(0.3, 60, 90), anchor).image, atol=1e-6)
    assert np.abs(content - photo(0)).max() < 1 / 255
    assert np.abs(live.picture(0, "stage-one", "full") - spoilt(photo(0))).max() < 1e-6


def test_a_preview_is_the_pair_brought_down(live):
    content = photo(3, 300, 450)
    served = live.pairs[1]
    served.pair.content.write_bytes(encode_png(content, 8))
    (served.folder / "stylize" / STAGE_ONE_IMAGE.file).write_bytes(encode_tiff(spoilt(content)))
    mask = np.ones((300, 450, 3))
    served.pair.content_mask.write_bytes(encode_png(mask, 8))
    served.pair.style_mask.write_bytes(encode_png(mask[:60, :90], 8))
    preview = live.picture(1, "stage-one", "preview")
    assert max(preview.shape) == PREVIEW
    np.testing.assert_array_equal(preview, shrink(spoilt(content), PREVIEW))
    assert live.smooth(1, Dials(lam=0.1, mu=3), "preview").image.shape == preview.shape
    assert live.smooth(1, Dials(lam=0.1, mu=3), "full").image.shape == content.shape


@pytest.mark.parametrize("strength", [0, 0.5, 1, 1.5])
def test_strength_leads_from_the_content_to_the_solution_and_beyond(live, strength):
    content, solution = live.picture(0, "content", "full"), live.smooth(0, Dials(lam=0.01, mu=3), "full").image
    image = live.smooth(0, Dials(lam=0.01, mu=3, strength=strength), "full").image
    np.testing.assert_allclose(image, content + strength * (solution - content), atol=1e-6)
    assert image.dtype == np.float32


def test_strength_is_dragged_without_solving_again(live):
    first = live.smooth(0, Dials(lam=0.01, mu=3), "full").seconds
    assert live.smooth(0, Dials(lam=0.01, mu=3, strength=0.5), "full").seconds is first
    assert live.smooth(0, Dials(lam=0.02, mu=3, strength=0.5), "full").seconds is not first


def test_a_further_lambda_is_neither_assembled_nor_analysed_again(live, monkeypatch):
    live.smooth(0, Dials(lam=0.1, mu=3), "preview")
    monkeypatch.setattr(live_module, "Smoother", None)  # calling it would fail
    live.smooth(0, Dials(lam=0.2, mu=3), "preview")


def test_stage_one_run_again_is_taken_up(live):
    before = live.picture(0, "stage-one", "full")
    live.pairs[0].link.write_bytes(encode_tiff(before[:, ::-1]))
    np.testing.assert_array_equal(live.picture(0, "stage-one", "full"), before[:, ::-1])


def test_kept_dials_are_the_pairs_own(live, case):
    file = live.save(0, Dials(lam=0.007, mu=0.5))
    assert file == case.dataset.root / "hill" / "photostyle.toml"
    kept = live.pairs[0].config.smooth
    assert (kept.lam, kept.mu) == (0.007, 0.5)
    assert live.pairs[1].config.smooth.lam != 0.007


@pytest.mark.parametrize("number", [-1, 2])
def test_there_are_no_other_pairs(live, number):
    with pytest.raises(ValueError, match="there is no pair"):
        live.smooth(number, Dials(lam=0.1, mu=3), "preview")


def test_what_can_not_be_solved_says_why(live):
    live.pairs[0].link.unlink()
    with pytest.raises(ValueError, match="run `photostyle stylize` first"):
        live.smooth(0, Dials(lam=0.1, mu=3), "preview")
    live.pairs[1] = live.pairs[1]._replace(config=Config(size=60))
    with pytest.raises(ValueError, match="is 90x60, the content at this size 60x40"):
        live.smooth(1, Dials(lam=0.1, mu=3), "preview")
