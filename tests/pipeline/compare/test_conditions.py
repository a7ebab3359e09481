from pipeline.compare.conditions import optimised
from pipeline.store.manifest import Recipe, publish


def put(folder, evaluations, encoder="vgg16", **facts):
    recipe = Recipe("stylize", 1, {"content": "0"}, {"start": "colour"})
    publish(folder, recipe, {"image.png": b"picture"}, {"evaluations": evaluations, "encoder": encoder, **facts})
    return folder


def test_encoder_start_and_evaluations_are_those_of_the_manifests(tmp_path):
    folders = [put(tmp_path / "a", 70), put(tmp_path / "b", 52), put(tmp_path / "c", 60)]
    assert list(optimised("stage one", folders)) == [
        "stage one: encoder: vgg16; start: colour; evaluations: 52-70.",
    ]


def test_a_recorded_start_goes_before_the_setting_and_encoders_that_differ_are_seen(tmp_path):
    folders = [put(tmp_path / name, 20, name, start="stage-one image") for name in ("vgg19", "vgg16")]
    assert list(optimised("one-stage", folders)) == [
        "one-stage: encoder: vgg16, vgg19; start: stage-one image; evaluations: 20.",
    ]


def test_images_of_which_nothing_is_known_are_counted(tmp_path):
    edited, foreign = put(tmp_path / "edited", 70), tmp_path / "foreign"
    (edited / "image.png").write_bytes(b"another picture")
    foreign.mkdir()
    (foreign / "image.png").write_bytes(b"picture")
    folders = [put(tmp_path / "own", 70), edited, foreign, tmp_path / "missing"]
    (line,) = optimised("stage one", folders)
    assert line.endswith("evaluations: 70; 2 edited or from elsewhere.")
    assert list(optimised("stage one", folders[1:])) == []
