"""A look applied to tiny clips by the command line: what stays as it was, what changes, and what is refused."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

from pipeline.cli.main import main  # noqa: E402
from pipeline.images.encoding import encode_png  # noqa: E402
from pipeline.looks.look_file import Look, encode_look  # noqa: E402
from pipeline.video import applying, clip, grading  # noqa: E402
from pipeline.video.cuts import cuts_among, histogram  # noqa: E402
from stages.look.table import apply_table, identity  # noqa: E402
from tests.pipeline.video.clips import make_clip, moving, seen, sound_of  # noqa: E402

WARM = np.stack([identity()[..., 0] ** 0.8, identity()[..., 1], identity()[..., 2] ** 1.3], axis=-1)
"""A look: redder and less blue."""


NEAR = 2.5
"""Levels in the mean that encoding again takes."""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "same.look").write_bytes(encode_look(Look(identity(), {})))
    (tmp_path / "warm.look").write_bytes(encode_look(Look(WARM.astype(np.float32), {})))
    return tmp_path


def applied(work: Path, source: Path, look: str = "same", *more: str) -> Path:
    assert main(["look", "apply", str(work / f"{look}.look"), str(source), "--to", str(work / "out"), *more]) == 0
    return work / "out" / clip.with_clip_ending(source)


def refused(work: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["look", "apply", str(work / "same.look"), str(source), "--to", str(work / "out")]) == 1
    assert not list((work / "out").glob("*")) if (work / "out").exists() else True
    return capsys.readouterr().err


def test_frames_times_sound_and_tags_stay_as_they_were(work: Path) -> None:
    source = make_clip(work / "in.mp4", [moving(n) for n in range(20)], sound=True)
    output = applied(work, source)
    before, after = seen(source), seen(output)
    assert after[1] == pytest.approx(before[1], abs=1e-3)
    assert np.abs(after[0].astype(int) - before[0]).mean() < NEAR
    assert sound_of(output) == sound_of(source)
    with av.open(str(source)) as old, av.open(str(output)) as new:
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            assert getattr(new.streams.video[0].codec_context, name) == getattr(
                old.streams.video[0].codec_context, name
            )
        assert new.streams.video[0].average_rate == old.streams.video[0].average_rate == 25
        assert new.duration == pytest.approx(old.duration, abs=50_000)


@pytest.mark.parametrize(
    ("pix_fmt", "tags"),
    [
        ("yuv420p", (1, 1, 1, 1)),
        ("yuv420p", (1, 6, 6, 6)),
        ("yuvj420p", (2, 1, 1, 1)),
        ("yuv422p", (1, 1, 1, 1)),
        ("yuv444p", (0, 2, 2, 2)),
    ],
)
def test_every_frame_goes_through_the_table(work: Path, pix_fmt: str, tags: tuple[int, int, int, int]) -> None:
    source = make_clip(work / "in.mkv", [moving(n) for n in range(6)], pix_fmt=pix_fmt, tags=tags)
    before, after = seen(source)[0], seen(applied(work, source, "warm"))[0]
    wanted = apply_table(WARM.astype(np.float32), before)
    assert np.abs(after.astype(int) - wanted).mean() < 2.5
    assert np.abs(after.astype(int) - before).mean() > 5


def test_strength_weakens_it(work: Path) -> None:
    source = make_clip(work / "in.mp4", [moving(n) for n in range(3)])
    none = seen(applied(work, source, "warm", "--strength", "0"))[0]
    assert np.abs(none.astype(int) - seen(source)[0]).mean() < NEAR


def test_a_still_scene_stays_still(work: Path) -> None:
    """From frame to frame no more changes than in the clip itself, but for a tenth of a level."""
    source = make_clip(work / "in.mp4", [moving(0)] * 60, every=10)
    before, after = (seen(path)[0].astype(int) for path in (source, applied(work, source, "warm")))
    variation = [np.abs(np.diff(frames, axis=0)).mean() for frames in (before, after)]
    assert variation[1] <= variation[0] + 0.1


def test_each_shot_gets_its_look(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = [255 - moving(n)[:, ::-1] // 2 for n in range(8)]
    source = make_clip(work / "in.mp4", [*(moving(n) for n in range(8)), *other])
    before = seen(source)[0]
    after = seen(applied(work, source, "same", "--cuts", str(work / "warm.look")))[0]
    assert np.abs(after[:8].astype(int) - before[:8]).mean() < NEAR
    assert np.abs(after[8:].astype(int) - apply_table(WARM.astype(np.float32), before[8:])).mean() < NEAR
    three = ["--cuts", str(work / "warm.look"), str(work / "same.look")]
    assert main(["look", "apply", str(work / "same.look"), str(source), "--to", str(work / "b"), *three]) == 1
    assert "has 2 shots (cuts at 0.32 s), and 3 looks are given" in capsys.readouterr().err


def test_what_moves_fast_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    calm = [np.full((36, 64, 3), 90, np.uint8)] * 5
    wild = [rng.integers(0, 256, (1, 1, 3)).astype(np.uint8).repeat(36, 0).repeat(64, 1) for _ in range(8)]
    assert list(cuts_among([histogram(one) for one in calm])) == []
    assert list(cuts_among([histogram(one) for one in wild])) == []
    assert list(cuts_among([histogram(one) for one in [*calm, *(255 - one for one in calm)]])) == [5]
    assert list(cuts_among([histogram(calm[0])])) == []


def test_ten_bits_stay_ten(work: Path) -> None:
    source = make_clip(work / "in.mp4", [moving(n) for n in range(4)], codec="libx265", pix_fmt="yuv420p10le")
    output = applied(work, source)
    with av.open(str(output)) as container:
        frame = next(iter(container.decode(container.streams.video[0])))
        assert frame.format.name == "yuv420p10le"
    assert np.abs(seen(output)[0].astype(int) - seen(source)[0]).mean() < NEAR


def test_a_variable_frame_rate_keeps_every_time(work: Path) -> None:
    times = [0, 24, 30, 90, 91, 400, 640]
    source = make_clip(work / "in.mp4", [moving(n) for n in range(7)], times=times)
    before, after = seen(source)[1], seen(applied(work, source))[1]
    assert after == pytest.approx(before, abs=1e-3)
    assert np.ptp(np.diff(after)) > 0.4


@pytest.mark.parametrize("size", [(49, 65), (48, 65), (49, 64)])
def test_odd_sizes_stay_odd(work: Path, size: tuple[int, int], capsys: pytest.CaptureFixture[str]) -> None:
    pictures = [moving(n, *size) for n in range(3)]
    source = make_clip(work / "in.mkv", pictures, codec="ffv1", pix_fmt="yuv420p")
    output = applied(work, source)
    assert seen(output)[0].shape == (3, *size, 3)
    assert "is odd: its colours are written at full size" in capsys.readouterr().err


def test_rgb_becomes_bt709(work: Path) -> None:
    source = make_clip(
        work / "in.mkv", [moving(n) for n in range(3)], codec="libx264rgb", pix_fmt="rgb24", tags=(2, 1, 13, 0)
    )
    output = applied(work, source)
    with av.open(str(output)) as container:
        assert int(container.streams.video[0].codec_context.colorspace) == 1
    assert np.abs(seen(output)[0].astype(int) - seen(source)[0]).mean() < NEAR


def test_it_goes_on_where_it_was_stopped(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "SEGMENT", 5)
    source = make_clip(work / "in.mp4", [moving(n) for n in range(20)], every=5, sound=True)
    whole = seen(applied(work, source, "warm"))
    (work / "out" / "in.mp4").unlink()
    done = list[int]()
    grade = grading.grade

    def stopped(clip, piece, *rest):  # type: ignore[no-untyped-def]
        if len(done) == 2:
            raise KeyboardInterrupt
        grade(clip, piece, *rest)
        done.append(piece)

    monkeypatch.setattr(applying, "grade", stopped)
    arguments = ["look", "apply", str(work / "warm.look"), str(source), "--to", str(work / "out")]
    assert main(arguments) == 130
    assert done == [0, 1]
    done.clear()
    monkeypatch.setattr(applying, "grade", lambda clip, piece, *rest: (grade(clip, piece, *rest), done.append(piece)))
    assert main(arguments) == 0
    assert done == [2, 3]
    again = seen(work / "out" / "in.mp4")
    assert again[1] == whole[1]
    np.testing.assert_array_equal(again[0], whole[0])
    assert not list((work / "cache" / "photostyle" / "clips").iterdir())


def test_what_is_current_is_not_made_again_and_what_is_the_user_s_stays(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = make_clip(work / "in.mp4", [moving(n) for n in range(3)])
    output = applied(work, source)
    made = output.stat().st_mtime_ns
    applied(work, source)
    assert output.stat().st_mtime_ns == made
    output.write_bytes(b"mine")
    assert main(["look", "apply", str(work / "warm.look"), str(source), "--to", str(work / "out")]) == 1
    assert output.read_bytes() == b"mine"
    assert "is not ours" in capsys.readouterr().err


def test_clips_of_a_folder_are_made_beside_its_photos_and_strip_leaves_no_notes(work: Path) -> None:
    folder, only = work / "card", work / "clips"
    folder.mkdir()
    only.mkdir()
    (folder / "a.png").write_bytes(encode_png(moving(0) / np.float32(255), 8))
    for place in (folder, only):
        source = make_clip(place / f"{place.name}.mp4", [moving(n) for n in range(3)])
        with av.open(str(source)) as old, av.open(str(work / "noted.mp4"), "w") as new:
            new.metadata["title"] = "Hills"
            stream = new.add_stream_from_template(old.streams.video[0])
            for packet in old.demux(old.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    new.mux(packet)
        (work / "noted.mp4").replace(source)
    for number, more in enumerate(((), ("--strip",))):
        to = work / f"out {number}"
        assert main(["look", "apply", str(work / "same.look"), str(folder), str(only), "--to", str(to), *more]) == 0
        assert sorted(path.name for path in to.iterdir()) == ["a.png", "card.mp4", "clips.mp4"]
        with av.open(str(to / "clips.mp4")) as made:
            assert ("title" in made.metadata) is not bool(more)


def test_a_clip_and_its_photos_in_one_go(work: Path) -> None:
    make_clip(work / "in.webm", [moving(n) for n in range(3)], codec="libvpx-vp9")
    (work / "a.png").write_bytes(encode_png(moving(0) / 255, 8))
    files = [str(work / name) for name in ("warm.look", "a.png", "in.webm")]
    assert main(["look", "apply", *files, "--to", str(work / "o")]) == 0
    assert {path.name for path in (work / "o").iterdir()} == {"a.png", "in.mkv"}


REFUSED = {
    "empty": "damaged or of another kind",
    "text": "damaged or of another kind",
    "cut": "damaged",
    "cut matroska": "damaged",
    "sound alone": "holds no picture",
    "no frames": "holds no frame|damaged or of another kind|holds no picture",
    "transparent": "is transparent in part",
    "hdr": r"its colours are HDR \(PQ\)",
    "missing": "there is no such file: check its name",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_t_be_done_is_refused_with_the_reason(
    work: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = work / "in.mkv"
    pictures = [moving(n) for n in range(50)]
    match name:
        case "empty":
            source.write_bytes(b"")
        case "text":
            source.write_bytes(b"no clip at all" * 100)
        case "cut":
            source = make_clip(work / "in.mp4", pictures, options={"movflags": "+faststart"})
            source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
        case "cut matroska":
            make_clip(source, pictures * 3, options={"crf": "1"})
            source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
        case "sound alone":
            with av.open(str(source), "w") as target:
                track = target.add_stream("aac", rate=48000)
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.float32), format="fltp", layout="mono")
                frame.sample_rate = 48000
                target.mux(track.encode(frame))
                target.mux(track.encode(None))
        case "no frames":
            with av.open(str(source), "w") as target:
                stream = target.add_stream("libx264", rate=25)
                stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
                target.start_encoding()
        case "transparent":
            rgba = [np.dstack([moving(n), np.full((48, 64), 99, np.uint8)]) for n in range(3)]
            make_clip(source, rgba, codec="ffv1", pix_fmt="yuva420p")
        case "hdr":
            make_clip(source, pictures[:3], codec="libx265", pix_fmt="yuv420p10le", tags=(1, 9, 16, 9))
    said = refused(work, source, capsys)
    assert re.search(rf"in\.\w+: ({REFUSED[name]})", said)


def test_without_pyav_the_remedy_is_told(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = make_clip(work / "in.mp4", [moving(0)])
    monkeypatch.setitem(sys.modules, "av", None)
    assert "pip install 'photostyle[video]'" in refused(work, source, capsys)


def test_a_clip_on_its_side_is_set_upright(work: Path) -> None:
    """As a phone writes it: lying, with a matrix in the container that turns it."""
    source = make_clip(work / "in.mp4", [moving(n) for n in range(3)])
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the matrix behind version, times, id, duration, layer, volume
    quarter = [0, 1, 0, -1, 0, 0, 0, 0, 0x4000]
    data[at : at + 36] = b"".join((value << 16).to_bytes(4, "big", signed=True) for value in quarter)
    source.write_bytes(data)
    with av.open(str(source)) as container:
        assert next(iter(container.decode(video=0))).rotation == -90
    output = applied(work, source)
    with av.open(str(output)) as container:
        frame = next(iter(container.decode(video=0)))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)
    assert np.abs(seen(output)[0][0].astype(int) - np.rot90(seen(source)[0][0], -1)).mean() < 2


def test_a_clip_is_never_written_over(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = make_clip(work / "in.mp4", [moving(n) for n in range(3)])
    before = source.read_bytes()
    assert main(["look", "apply", str(work / "warm.look"), str(source), "--to", str(work), "--force"]) == 1
    assert "is read by this command" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_clips_of_one_name_have_results_of_their_own(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("one", "two"):
        (work / folder).mkdir()
        make_clip(work / folder / "in.mp4", [moving(n) for n in range(3)])
    words = ["look", "apply", str(work / "same.look"), str(work / "one"), str(work / "two"), "--to"]
    assert main([*words, str(work / "out.mp4")]) == 2
    assert "out.mp4 has the name of a file: give a folder" in capsys.readouterr().err
    assert main([*words, str(work / "out")]) == 0
    assert "note: 2 results would have another's name" in capsys.readouterr().err
    assert sorted(path.name for path in (work / "out").iterdir()) == ["one_in.mp4", "two_in.mp4"]
