import numpy as np
import pytest

from pipeline.dataset.loading import load_inputs
from pipeline.dataset.opening import open_dataset
from pipeline.images.encoding import encode_png
from pipeline.pages.explanation import explain, paint, solve
from pipeline.pages.report.pictures import to_bytes
from stages.smooth import affine_energy
from stages.smooth.matting_laplacian import matting_laplacian
from tests.pipeline.pages.report.example import make_case, photo


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make_case(tmp_path_factory.mktemp("explain"), ["hill"]).dataset.pairs[0]


def test_the_painting_is_in_the_styles_colours_and_the_same_each_time(pair):
    inputs = load_inputs(pair, 90)
    painted = paint(inputs)
    assert painted.shape == inputs.content.shape
    assert painted.min() >= 0
    assert painted.max() <= 1
    np.testing.assert_array_equal(painted, paint(inputs))
    for k in range(inputs.regions.count):
        mean = inputs.style[inputs.regions.style == k].mean(axis=0)
        np.testing.assert_allclose(painted[inputs.regions.content == k].mean(axis=0), mean, atol=0.05)
    assert affine_energy(matting_laplacian(inputs.content), painted) > 1e-3


def test_lambda_trades_energy_for_distance(pair):
    inputs = load_inputs(pair, 90)
    solved = solve(inputs.content, paint(inputs))
    assert [one.lam for one in solved] == sorted(one.lam for one in solved)
    assert (solved[0].lam, solved[-1].lam) == (1e-6, 1.0)
    energies, distances = [one.energy for one in solved], [one.distance for one in solved]
    assert energies == sorted(energies)
    assert distances == sorted(distances, reverse=True)
    assert energies[0] < 0.01 * energies[-1]


@pytest.fixture(scope="module")
def written(pair, tmp_path_factory):
    return explain(pair, tmp_path_factory.mktemp("results"))


@pytest.fixture
def figures(page, written):
    page.goto(written.as_uri())
    page.locator("#null .meter i[style]").wait_for(state="attached")
    return page


def eight_bit(image):
    return to_bytes(image).astype(np.float64) / 255


def test_a_row_of_the_laplacian_is_the_stages(figures, pair):
    laplacian = matting_laplacian(eight_bit(load_inputs(pair, 240).content))
    for x, y in ((40, 30), (1, 1), (0, 59), (89, 20)):
        row = np.array(figures.evaluate("([x, y]) => photostyle.row(x, y)", [x, y])).reshape(5, 5)
        dense = np.zeros((64, 94))
        dense[2:62, 2:92] = laplacian[[y * 90 + x]].toarray().reshape(60, 90)
        np.testing.assert_allclose(row, dense[y : y + 5, x : x + 5], atol=1e-7)


def test_the_energy_is_the_stages(figures, pair):
    inputs = load_inputs(pair, 240)
    laplacian = matting_laplacian(eight_bit(inputs.content))
    expected = affine_energy(laplacian, eight_bit(paint(inputs)))
    assert figures.evaluate("photostyle.energy(photostyle.painted)") == pytest.approx(expected, rel=1e-6)


def test_the_fitted_map_is_the_least_squares_one(figures, pair):
    inputs = load_inputs(pair, 240)
    content, painted = eight_bit(inputs.content), eight_bit(paint(inputs))
    here = np.s_[20:35, 30:45]
    colours = np.column_stack([content[here].reshape(-1, 3), np.ones(225)])
    expected, *_ = np.linalg.lstsq(colours, painted[here].reshape(-1, 3), rcond=None)
    fitted = figures.evaluate("photostyle.fit(photostyle.content, photostyle.painted, 30, 20, 15)")
    np.testing.assert_allclose(np.array(fitted).T, expected, atol=1e-4)


def test_the_square_moves_by_keys_and_by_pointer(figures):
    canvas = figures.locator("#fit .photo")
    maps = [figures.locator("#fit tbody").text_content()]
    canvas.focus()
    for _ in range(10):
        figures.keyboard.press("ArrowRight")
    maps.append(figures.locator("#fit tbody").text_content())
    canvas.click(position={"x": 30, "y": 30})
    maps.append(figures.locator("#fit tbody").text_content())
    assert len(set(maps)) == 3
    assert figures.locator("#left-over").text_content().endswith(" %")
    figures.locator("#edge").fill("3")
    assert figures.locator("#edge-value").text_content() == "3×3"
    assert figures.locator("[data-patch=fitted]").evaluate("canvas => canvas.width") == 3


def test_another_light_costs_nothing_and_bent_lines_do(figures):
    def energy():
        return float(figures.locator("#energy").text_content().replace("\u2212", "-"))

    for name, value in (("contrast", "-0.5"), ("warmth", "0.2"), ("saturation", "0.3")):
        figures.locator(f"[data-change={name}]").fill(value)
    assert energy() < 1e-5
    figures.locator("[data-change=wobble]").fill("2")
    assert energy() > 1e-5
    figures.get_by_role("button", name="Back to the content").click()
    assert energy() < 1e-5


def test_lambda_shows_another_solution(figures):
    over, seen = figures.locator("#dial .over"), []
    for position in ("0", "12", "24"):
        figures.locator("#lambda").fill(position)
        seen.append((over.get_attribute("src"), figures.locator("#lambda-value").text_content()))
        assert over.evaluate("image => image.decode().then(() => image.naturalWidth)") == 90
    assert len({source for source, _ in seen}) == 3
    assert [float(value) for _, value in seen] == [1e-6, 1e-3, 1.0]


def test_it_fits_a_phone(page, written):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(written.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_names_never_come_into_it(tmp_path):
    folder = tmp_path / "<b>views" / "<script>alert(1)<"
    folder.mkdir(parents=True)
    for number, side in enumerate(("content", "style")):
        (folder / f"{side}.png").write_bytes(encode_png(photo(number), 8))
    page = explain(open_dataset(tmp_path / "<b>views").pairs[0], tmp_path / "out").read_text("utf-8")
    assert "alert(1)" not in page
    assert "<b>views" not in page
