"""Settings: each default in one place, overridden in order, unknown keys refused with their place."""

from pathlib import Path

import pytest

from pipeline.cli.arguments import Doctor, OnDataset, Smooth, Weights, parse
from pipeline.dataset.config import Config, ConfigError, palette_of, save_lambda
from pipeline.dataset.layouts import open_dataset
from stages.segment.labels import PALETTE

TOP = "size, encoder, device, masks, strict, palette, segment, stylize, smooth, onestage"


def settings(*argv: str | Path) -> Config:
    command = parse([str(each) for each in argv])
    assert isinstance(command, OnDataset)
    return command.settings


def toml(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_nearer_source_overrides_the_farther_one(tmp_path: Path) -> None:
    assert settings("run", tmp_path) == Config()
    toml(tmp_path / "photostyle.toml", "size = 300\n[smooth]\nlambda = 0.5\nepsilon = 1e-6\n")
    file = toml(tmp_path / "mine.toml", "[smooth]\nlambda = 2\n[stylize]\nsizes = [64]\nevaluations = [3]\n")
    own = settings("run", tmp_path)
    assert (own.size, own.smooth.lam, own.smooth.epsilon) == (300, 0.5, 1e-6)
    assert own.stylize == Config().stylize
    given = settings("run", tmp_path, "--config", file)
    assert (given.size, given.smooth.lam, given.smooth.epsilon) == (300, 2.0, 1e-6)
    assert given.stylize.sizes == (64,)
    last = settings("run", tmp_path, "--config", file, "--smooth.lambda", "1e-2", "--stylize.sizes", "32", "48")
    assert (last.size, last.smooth.lam, last.smooth.epsilon) == (300, 0.01, 1e-6)
    assert last.stylize.sizes == (32, 48)


def test_commands_take_their_own_arguments() -> None:
    command = parse(["smooth", "some/folder", "--pairs", "a", "b", "--results", "out", "--force"])
    assert isinstance(command, Smooth)
    assert (command.dataset, command.results, command.pairs) == (Path("some/folder"), Path("out"), ("a", "b"))
    assert command.force
    assert parse(["doctor"]) == Doctor()
    assert parse(["weights", "--fetch", "--encoder", "vgg16"]) == Weights(fetch=True, encoder="vgg16")


def test_every_unknown_key_is_refused_with_its_place(tmp_path: Path) -> None:
    file = toml(tmp_path / "photostyle.toml", "sise = 300\n[smooth]\nlamda = 1\n[styleise]\nx = 1\n")
    with pytest.raises(ConfigError) as error:
        settings("run", tmp_path)
    assert str(error.value).splitlines() == [
        f"{file}: unknown key 'sise' at the top level; it knows {TOP}",
        f"{file}: unknown key 'lamda' in [smooth]; it knows lambda, epsilon, solver",
        f"{file}: unknown key 'styleise' at the top level; it knows {TOP}",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[smooth]\nlambda = "much"', "smooth.lambda: expected `float`, got `str`"),
        ("[smooth]\nlambda = 0", "smooth.lambda: expected `float` > 0.0"),
        ("size = 12.5", "size: expected `int | str`, got `float`"),
        ("smooth = 1", "smooth: expected `object`, got `int`"),
        ('encoder = "resnet"', "encoder: invalid enum value 'resnet'"),
        ("size = ", "Invalid value"),
    ],
)
def test_wrong_values_are_refused_with_file_and_key(tmp_path: Path, text: str, reason: str) -> None:
    file = toml(tmp_path / "mine.toml", text)
    with pytest.raises(ConfigError) as error:
        settings("run", tmp_path, "--config", file)
    assert str(error.value).startswith(f"{file}: {reason}")


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        settings("run", tmp_path, "--config", tmp_path / "none.toml")
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        settings("run", tmp_path, "--config", tmp_path / "mine.toml")


@pytest.mark.parametrize("argument", ["--smooth.lambda=-1", "--smooth.epsilon=0", "--size=3"])
def test_values_on_the_command_line_are_checked_too(tmp_path: Path, argument: str) -> None:
    with pytest.raises(ConfigError, match=argument.removeprefix("--").split("=")[0]):
        settings("smooth", tmp_path, argument)


@pytest.mark.parametrize("argument", ["--smooth.lam=1", "--sise=3", "--stylize.canvas=paper", "--smooth.lambda=much"])
def test_unknown_options_and_choices_end_the_program(
    tmp_path: Path, argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        settings("smooth", tmp_path, argument)
    assert end.value.code == 2
    assert argument.split("=")[0] in capsys.readouterr().err


def test_help_names_every_setting_by_its_name_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["smooth", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "--smooth.lambda FLOAT" in text
    assert "photorealism term" in text
    assert "--smooth.lam " not in text


LAYOUTS = {
    "own": ("beach/content.png", "beach/style.png"),
    "release": ("input/inbeach.png", "style/tarbeach.png"),
    "separate folders": ("content/beach.png", "style/beach.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_pair_has_a_lambda_of_its_own_in_every_layout(tmp_path, layout):
    """Over the dataset's settings, under the given file's and under the options'."""
    for name in LAYOUTS[layout]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    toml(tmp_path / "photostyle.toml", "[smooth]\nlambda = 0.5\nepsilon = 1e-6\n")
    pair = open_dataset(tmp_path).pairs[0]
    assert parse(["run", str(tmp_path)]).settings_of(pair).smooth.lam == 0.5
    file = save_lambda(pair, 0.007)
    assert file.is_relative_to(tmp_path)
    assert open_dataset(tmp_path).pairs[0].settings == file
    command = parse(["run", str(tmp_path)])
    own = command.settings_of(pair).smooth
    assert (own.lam, own.epsilon) == (0.007, 1e-6)
    assert command.settings.smooth.lam == 0.5
    given = toml(tmp_path / "given.toml", "[smooth]\nlambda = 0.25\n")
    assert parse(["run", str(tmp_path), "--config", str(given)]).settings_of(pair).smooth.lam == 0.25
    assert parse(["run", str(tmp_path), "--smooth.lambda", "0.5"]).settings_of(pair).smooth.lam == 0.5


def test_a_pair_may_have_nothing_else_of_its_own(tmp_path):
    for name in LAYOUTS["own"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    toml(tmp_path / "beach" / "photostyle.toml", "size = 300\n[smooth]\nepsilon = 1e-6\n")
    with pytest.raises(ConfigError, match=r"(?s)unknown key 'size' .*; it knows smooth.*unknown key 'epsilon'"):
        parse(["run", str(tmp_path)]).settings_of(open_dataset(tmp_path).pairs[0])
    toml(tmp_path / "beach" / "photostyle.toml", "[smooth]\nlambda = -1\n")
    with pytest.raises(ConfigError, match=r"smooth\.lambda"):
        parse(["run", str(tmp_path)]).settings_of(open_dataset(tmp_path).pairs[0])


def test_a_palette_in_the_file_takes_the_place_of_the_nine_colours(tmp_path: Path) -> None:
    assert palette_of(settings("run", tmp_path)) == PALETTE
    toml(tmp_path / "photostyle.toml", "[palette]\nsky = [0, 0, 255]\nsand = [255, 165, 0]\n")
    assert palette_of(settings("run", tmp_path)) == {"sky": (0, 0, 255), "sand": (255, 165, 0)}
    toml(tmp_path / "photostyle.toml", "[palette]\nsky = [0, 0, 255]\nsea = [0, 0, 255]\n")
    with pytest.raises(ConfigError, match=r"palette: sky and sea are the same colour, \(0, 0, 255\): keep one"):
        palette_of(settings("run", tmp_path))
    toml(tmp_path / "photostyle.toml", "[palette]\nsky = [0, 0, 256]\n")
    with pytest.raises(ConfigError, match="palette"):
        settings("run", tmp_path)
