"""Settings: each default in one place, overridden in order, unknown keys refused with their place."""

from pathlib import Path

import pytest
from msgspec.structs import fields

from pipeline.cli.actions.photos import styles_of
from pipeline.cli.commands import COMMANDS, Doctor, Weights
from pipeline.cli.options.datasets import OnDataset, Smooth
from pipeline.cli.options.photos import Transfer
from pipeline.cli.parser import options_of, parse
from pipeline.dataset.opening import open_dataset
from pipeline.looks.making import Style
from pipeline.settings.config import Config, ConfigError, palette_of
from pipeline.settings.layers import Layer, resolve, save_dials
from stages.segment.labels import PALETTE
from stages.settings import Smooth as SmoothSettings

TOP, SMOOTH = (", ".join(each.encode_name for each in fields(kind)) for kind in (Config, SmoothSettings))


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
    options = ["--smooth.lambda", "1e-2", "--stylize.sizes", "32", "48", "--stylize.evaluations", "3", "2"]
    last = settings("run", tmp_path, "--config", file, *options)
    assert (last.size, last.smooth.lam, last.smooth.epsilon) == (300, 0.01, 1e-6)
    assert last.stylize.sizes == (32, 48)


def test_commands_take_their_own_arguments() -> None:
    command = parse(["smooth", "some/folder", "--pairs", "a", "b", "--results", "out", "--force"])
    assert isinstance(command, Smooth)
    assert (command.dataset, command.results, command.pairs) == (Path("some/folder"), Path("out"), ("a", "b"))
    assert command.force
    assert parse(["doctor"]) == Doctor()
    with pytest.raises(ConfigError, match=r"^some: doctor takes no folder$"):
        parse(["doctor", "some"])
    assert parse(["weights", "--fetch", "--encoder", "vgg16"]) == Weights(fetch=True, encoder="vgg16")


def test_every_unknown_key_is_refused_with_its_place(tmp_path: Path) -> None:
    file = toml(tmp_path / "photostyle.toml", "sise = 300\n[smooth]\nlamda = 1\n[styleise]\nx = 1\n")
    with pytest.raises(ConfigError) as error:
        settings("run", tmp_path)
    assert str(error.value).splitlines() == [
        f"{file}: unknown key 'sise' at the top level; it knows {TOP}",
        f"{file}: unknown key 'lamda' in [smooth]; it knows {SMOOTH}",
        f"{file}: unknown key 'styleise' at the top level; it knows {TOP}",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[smooth]\nlambda = "much"', 'smooth.lambda: wants a number above 0, not "much"'),
        ('[smooth]\nlambda = "0.5"', 'smooth.lambda: wants a number above 0, not "0.5"'),
        ("[smooth]\nlambda = 0", "smooth.lambda: wants a number above 0, not 0"),
        ("size = 12.5", "size: wants a whole number of 32 or more, or native, not 12.5"),
        ("strict = 1", "strict: wants true or false, not 1"),
        ("size = true", "size: wants a whole number of 32 or more, or native, not true"),
        ("smooth = 1", "smooth: wants a table, not 1"),
        ('encoder = "resnet"', 'encoder: wants auto, vgg16 or vgg19, not "resnet"'),
        ('encoder = "\\u001b[2J"', r"encoder: wants auto, vgg16 or vgg19, not '\x1b[2J'"),
        ("[stylize]\nsizes = []", "stylize.sizes: wants one or more values, each a whole number of 1 or more, not ''"),
        ("[palette]\nsky = [0, 0, 256]", "palette.sky: wants 3 values, each a whole number from 0 to 255, not 0 0 256"),
        ('[palette]\nsky = "#00f"', 'palette.sky: wants 3 values, each a whole number from 0 to 255, not "#00f"'),
        ("[stylize]\nevaluations = [8]", "stylize.evaluations: as many numbers as stylize.sizes (2), not 1"),
        ("size = ", "line 1, 'size =': write name = value"),
        ("size = 300\nencoder = \u201cvgg16\u201d", "line 2, 'encoder = \u201cvgg16\u201d': write name = value"),
        (
            "draft = True",
            "line 1, 'draft = True': write name = value, where a value is a number (0.5), a text in straight",
        ),
        ("strength = 0,7", "line 1, 'strength = 0,7': write name = value"),
        ("size: 300", "line 1, 'size: 300': write name = value"),
        ("\u200bsize = 300", "line 1, '\\u200bsize = 300': write name = value"),
        ("size = 300\xa0", "line 1, 'size = 300\\xa0': write name = value"),
        ("size = 300\nsize = 400", "line 2, 'size = 400': is there already: keep one"),
        ("[smooth]\nmu = 1\n[smooth]\n", "line 3, '[smooth]': is there already: keep one"),
        ("size = " + "9" * 5000, "holds a number of thousands of digits"),
        ("size = " + "[" * 5000, "is nested too deeply"),
    ],
)
def test_wrong_values_are_refused_with_file_and_key(tmp_path: Path, text: str, reason: str) -> None:
    file = toml(tmp_path / "mine.toml", text)
    with pytest.raises(ConfigError) as error:
        settings("run", tmp_path, "--config", file)
    assert str(error.value).startswith(f"{file}: {reason}")


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    for data, reason in (
        (None, "No such file"),
        (b"# gr\xfc\xdfe", "is no text in UTF-8"),
        *(
            ("size = 300".encode(coding), "is UTF-16: save it as UTF-8")
            for coding in ("utf-16", "utf-16-le", "utf-16-be")
        ),
    ):
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(ConfigError, match=rf"mine\.toml: {reason}"):
            settings("run", tmp_path, "--config", file)


def test_what_editors_of_windows_put_before_the_text_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "photostyle.toml").write_bytes(b"\xef\xbb\xbf[smooth]\r\nlambda = 0.5\r\n")
    assert settings("run", tmp_path).smooth.lam == 0.5


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ("--smooth.lambda=-1", "--smooth.lambda: wants a number above 0, not -1"),
        ("--smooth.lambda much", "--smooth.lambda: wants a number above 0, not much"),
        ("--smooth.epsilon nan", "--smooth.epsilon: wants a number above 0, not nan"),
        ("--size 3", "--size: wants a whole number of 32 or more, or native, not 3"),
        ("--size big", "--size: wants a whole number of 32 or more, or native, not big"),
        ("--stylize.optimizer paper", "--stylize.optimizer: wants adam or lbfgs, not paper"),
        ("--smooth.mu -1", "--smooth.mu: wants a number of 0 or more, not -1"),
        ("--stylize.evaluations 8 x", "wants one or more values, each a whole number of 1 or more, not 8 x"),
        (
            "--stylize.sizes 64 128 --stylize.evaluations 8",
            "--stylize.evaluations: as many numbers as --stylize.sizes (2), not 1",
        ),
        ("--gpu-share 2", "--gpu-share: wants a number above 0 and at most 1, not 2"),
        ("--gpu-share 2 --size 3", "--gpu-share: wants a number above 0 and at most 1, not 2\n--size: wants"),
        ("--smooth.lam 1", "--smooth.lam: no such option: --smooth.lambda?"),
        ("--sise=3", "--sise: no such option: --size?"),
        ("--stylize.style_weight 3", "--stylize.style_weight: no such option: --stylize.style-weight?"),
        ("--siz 300", "--siz: no such option: --size?"),
        ("--frobnicate", "--frobnicate: no such option"),
        ("other folder", "other folder: run takes one folder: put quotes around a name with spaces"),
    ],
)
def test_options_that_can_not_be_used_are_told_in_the_users_words(tmp_path: Path, argv: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings("run", tmp_path, *argv.split())
    assert told in str(error.value)


def test_two_settings_of_different_places_have_to_go_together(tmp_path: Path) -> None:
    toml(tmp_path / "photostyle.toml", "[stylize]\nsizes = [64, 128, 256]\n")
    with pytest.raises(ConfigError, match=r"^--stylize.evaluations: as many numbers as --stylize.sizes \(3\), not 2$"):
        settings("run", tmp_path, "--stylize.evaluations", "3", "2")
    assert settings("run", tmp_path, "--stylize.evaluations", "3", "2", "1").stylize.evaluations == (3, 2, 1)


def test_resolving_tells_every_fault_of_every_layer() -> None:
    layers = [Layer({"size": 3, "device": "abacus"}, Path("a.toml")), Layer({"smooth": {"lambda": "x", "mu2": "1"}})]
    with pytest.raises(ConfigError) as error:
        resolve(layers)
    assert [line.partition(": wants")[0].partition(": unknown")[0] for line in str(error.value).splitlines()] == [
        "a.toml: size",
        "a.toml: device",
        "--smooth.lambda",
        f"unknown key 'mu2' in [smooth]; it knows {SMOOTH}",
    ]


def test_a_flag_of_a_file_can_be_taken_back(tmp_path: Path) -> None:
    toml(tmp_path / "photostyle.toml", "strict = true\n")
    assert settings("run", tmp_path).strict
    assert not settings("run", tmp_path, "--no-strict").strict


@pytest.mark.parametrize("argv", [["smooth"], ["run", "d", "--size"], ["runn", "d"]])
def test_what_is_missing_ends_the_program(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(argv)
    assert end.value.code == 2
    assert "usage: photostyle" in capsys.readouterr().err


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as end:
        parse(argv)
    assert end.value.code == 0
    return capsys.readouterr().out


def test_help_names_the_settings_that_a_command_uses_by_their_names_in_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = shown(capsys, "smooth", "--help")
    assert "--smooth.lambda NUMBER" in text
    assert "stage-one image" in text
    assert "--smooth.lam " not in text
    for idle in ("--stylize.", "--onestage.", "--encoder", "--device", "--gpu-share"):
        assert idle not in text
    assert shown(capsys, "--version").startswith("photostyle ")


def test_what_a_command_does_not_use_is_accepted_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert settings("smooth", tmp_path, "--device", "cpu", "--onestage.evaluations", "2").onestage.evaluations == 2
    assert "smooth makes no use of --device, --onestage.evaluations" in capsys.readouterr().err


def test_what_is_protected_is_a_word_behind_one_option(tmp_path: Path) -> None:
    assert settings("run", tmp_path, "--protect", "skin=0.7").protect.skin == 0.7
    file = toml(tmp_path / "given.toml", "[protect]\nskin = 0.3\n")
    assert settings("run", tmp_path, "--config", str(file)).protect.skin == 0.3
    for words, told in (
        (("--protect", "skin=2"), "--protect skin: wants a number from 0 to 1, not 2"),
        (("--protect", "hair=1"), "unknown key 'hair' in \\[protect\\]; it knows skin"),
        (("--protect", "skin"), "--protect skin: give what is protected, and how far, as in --protect skin=0.7"),
        (("--protect.skin", "0.7"), "--protect.skin: no such option: --protect?"),
    ):
        with pytest.raises(ConfigError, match=told):
            settings("run", tmp_path, *words)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_explained_in_whole_sentences(command: str) -> None:
    for option in options_of(COMMANDS[command]):
        sentences = option.help
        assert sentences[0].isupper(), option.name
        assert sentences.endswith("."), option.name
        assert len(sentences.split()) > 4, option.name


@pytest.mark.parametrize(
    ("command", "option", "default"),
    [("transfer", "--size", "native"), ("run", "--size", "700"), ("look make", "--masks", "none")],
)
def test_the_help_tells_the_default_of_the_command(command: str, option: str, default: str, capsys) -> None:
    with pytest.raises(SystemExit):
        parse([*command.split(), "--help"])
    about = capsys.readouterr().out.partition(f"\n  {option} ")[2].partition("\n  --")[0]
    assert f"(default: {default})" in " ".join(about.split())


def test_the_home_of_a_user_is_found_and_that_of_nobody_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    for word, path in (("~/out", "/home/me/out"), ("~nobody at all/out", "~nobody at all/out")):
        command = parse(["transfer", word, "b.jpg", "--to", word])
        assert isinstance(command, Transfer)
        assert command.to == command.photos[0] == Path(path)
        assert styles_of([word, f"{word}:0.5"]) == [Style(Path(path), 0.5)] * 2


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
    file = pair.settings
    assert file.is_relative_to(tmp_path)
    save_dials(file, 0.007, 0.5)
    assert open_dataset(tmp_path).pairs[0].settings == file
    command = parse(["run", str(tmp_path)])
    own = command.settings_of(pair).smooth
    assert (own.lam, own.mu, own.epsilon) == (0.007, 0.5, 1e-6)
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
