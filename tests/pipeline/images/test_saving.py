"""What is written is read again: pixels, profile, EXIF and XMP, by ourselves, by Pillow and by exiftool."""

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.images.photos import Kept
from pipeline.images.raster import ImageError
from pipeline.images.reading import read_original, understand
from pipeline.images.saving import encode_photo
from tests.pipeline.scenes import save_photo

SMOOTH = np.stack(np.meshgrid(np.linspace(0.3, 0.7, 48), np.linspace(0.4, 0.6, 40)), axis=-1).astype(np.float32)
PHOTO = np.dstack([SMOOTH, 1 - SMOOTH[..., 0]])
"""40 x 48, soft, so that a JPEG keeps it."""
ADOBE = bytes(imagecodecs.cms_profile("adobergb"))
PROFILES = {
    "adobergb": ADOBE,
    "displayp3": bytes(
        imagecodecs.cms_profile(
            "rgb", whitepoint=[0.3127, 0.329, 1.0], primaries=[0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1], gamma=2.2
        )
    ),
}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' tiff:Orientation="6" xmp:Rating="4" xmpNote:HasExtendedXMP="0123"><dc:rights><rdf:Alt><rdf:li xml:lang='
    b'"x-default">\xc2\xa9 Ada</rdf:li></rdf:Alt></dc:rights><xmp:Thumbnails>old</xmp:Thumbnails>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
ENDINGS = (".jpg", ".png", ".tif")
exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")


def camera_block() -> bytes:
    """As a camera writes it: turned, dated, placed, with a maker's note and a thumbnail."""
    exif, thumbnail = Image.Exif(), io.BytesIO()
    exif[274], exif[271], exif[306], exif[33432] = 6, "Maker", "2026:05:04 03:02:01", "(c) Ada"
    exif.get_ifd(0x8769).update({0x9003: "2026:05:04 03:02:01", 0xA001: 1, 0xA002: 40, 0xA003: 48, 0x927C: b"\7" * 20})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 30.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    Image.new("RGB", (16, 12), "red").save(thumbnail, "JPEG")
    order = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, first)
    second, data = len(block), thumbnail.getvalue()
    struct.pack_into(f"{order}I", block, first + 2 + 12 * count, second)
    entries = ((0x0103, 3, 1, 6 << 16 if order == ">" else 6), (0x0201, 4, 1, second + 42), (0x0202, 4, 1, len(data)))
    block += struct.pack(f"{order}H", 3) + b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
    return bytes(block + struct.pack(f"{order}I", 0) + data)


def camera_photo(path: Path, profile: bytes | None = None) -> Path:
    """A JPEG that lies on its side, with all of it."""
    turned = Image.fromarray(np.rint(PHOTO * 255).astype(np.uint8)).transpose(Image.Transpose.ROTATE_90)
    turned.save(path, quality=95, subsampling=0, exif=b"Exif\0\0" + camera_block(), xmp=XMP, icc_profile=profile)
    return path


def told(path: Path) -> dict[str, object]:
    command = ["exiftool", "-json", "-n", "-G1", "-a", "-warning", "-all", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0]


@pytest.mark.parametrize("profile", ["adobergb", "displayp3"])
def test_colours_beyond_srgb_come_back_as_they_were(tmp_path: Path, profile: str) -> None:
    icc = PROFILES[profile]
    stored = np.random.default_rng(6).integers(0, 256, (30, 40, 3), np.uint8)
    stored[0, :3] = (0, 255, 0), (255, 0, 0), (0, 0, 255)
    Image.fromarray(stored).save(tmp_path / "in.png", icc_profile=icc)
    original = read_original(tmp_path / "in.png")
    assert original.beyond is not None
    assert 0 <= original.photo.min() <= original.photo.max() <= 1
    save_photo(tmp_path / "out.png", original.whole(), original.kept)
    with Image.open(tmp_path / "out.png") as written:
        assert written.info["icc_profile"] == icc
        assert np.abs(np.asarray(written).astype(int) - stored).max() <= 1


@exiftool
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_tiff_s_own_tags_are_kept(tmp_path: Path, ending: str) -> None:
    original = read_original(camera_photo(tmp_path / "in.jpg"))
    save_photo(tmp_path / "in.tif", original.photo, original.kept)
    original = read_original(tmp_path / "in.tif")
    save_photo(tmp_path / f"out{ending}", original.photo, original.kept)
    facts = told(tmp_path / f"out{ending}")
    assert facts["ExifIFD:DateTimeOriginal"] == "2026:05:04 03:02:01"
    assert facts["IFD0:Copyright"] == "(c) Ada"
    assert facts["GPS:GPSLatitude"] == pytest.approx(48.1417, abs=1e-3)


@exiftool
@pytest.mark.parametrize("ending", ENDINGS)
def test_exiftool_finds_what_the_camera_wrote(tmp_path: Path, ending: str) -> None:
    original = read_original(camera_photo(tmp_path / "in.jpg"))
    assert save_photo(tmp_path / f"out{ending}", original.photo, original.kept) == ()
    facts = told(tmp_path / f"out{ending}")
    assert facts["ExifIFD:DateTimeOriginal"] == "2026:05:04 03:02:01"
    assert facts["IFD0:Copyright"] == "(c) Ada"
    assert facts["IFD0:Make"] == "Maker"
    assert facts["GPS:GPSLatitude"] == pytest.approx(48.1417, abs=1e-3)
    assert facts["XMP-dc:Rights"] == "© Ada"
    assert facts["XMP-xmp:Rating"] == 4
    assert facts.get("IFD0:Orientation", 1) == 1 == facts["XMP-tiff:Orientation"]
    assert (facts["File:ImageWidth"] if ending == ".jpg" else 48) == 48
    assert (facts["ExifIFD:ExifImageWidth"], facts["ExifIFD:ExifImageHeight"]) == (48, 40)
    assert not [name for name in facts if "Thumbnail" in name or "HasExtended" in name]
    assert not [text for name, text in facts.items() if name.endswith(":Warning") and "MakerNotes" not in str(text)]


@exiftool
@pytest.mark.parametrize("ending", ENDINGS)
def test_strip_leaves_no_trace_but_the_profile(tmp_path: Path, ending: str) -> None:
    original = read_original(camera_photo(tmp_path / "in.jpg", ADOBE))
    save_photo(tmp_path / f"out{ending}", original.photo, original.kept.stripped())
    facts = told(tmp_path / f"out{ending}")
    assert not [name for name in facts if name.startswith(("GPS", "ExifIFD", "XMP"))]
    assert not {"IFD0:Make", "IFD0:Copyright", "IFD0:ModifyDate"} & set(facts)
    assert facts["ICC_Profile:ProfileDescription"] == told(tmp_path / "in.jpg")["ICC_Profile:ProfileDescription"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_result_is_read_as_it_was_written(tmp_path: Path, ending: str, bits: int) -> None:
    path = tmp_path / f"out{ending}"
    save_photo(path, PHOTO, bits=bits)
    back = read_original(path)
    assert back.bits == (8 if ending == ".jpg" else bits)
    assert np.abs(back.photo - PHOTO).max() < (3 / 255 if ending == ".jpg" else 0.51 / (2**bits - 1))


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_profile_stays_and_means_the_same_colours(tmp_path: Path, ending: str) -> None:
    original = read_original(camera_photo(tmp_path / "in.jpg", ADOBE))
    path = tmp_path / f"out{ending}"
    save_photo(path, original.photo, original.kept)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == ADOBE
    back, notes = understand(path)
    assert notes == ()
    assert np.quantile(np.abs(back.photo - original.photo), 0.99) < 4 / 255


def narrow_profile() -> bytes:
    """sRGB with its green and blue swapped for paler ones: few colours are in its gamut."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, xyz in ((b"rXYZ", (0.35, 0.28, 0.11)), (b"gXYZ", (0.36, 0.42, 0.25)), (b"bXYZ", (0.254, 0.30, 0.465))):
        at = profile.index(tag, 128)
        (start,) = struct.unpack_from(">I", profile, at + 4)
        struct.pack_into(">3i", profile, start + 8, *(round(value * 65536) for value in xyz))
    return bytes(profile)


def test_a_gamut_that_does_not_hold_the_result_gives_way_to_srgb() -> None:
    profile = narrow_profile()
    vivid, dull = PHOTO.copy(), 0.5 + 0.02 * (PHOTO - 0.5)
    vivid[0, 0] = (1, 0, 0)
    for image, kept in ((vivid, False), (dull, True)):
        data = encode_photo(".png", image, Kept(profile=profile)).data
        with Image.open(io.BytesIO(data)) as written:
            assert (written.info.get("icc_profile") == profile) is kept
            assert ("srgb" in written.info) is not kept


def test_a_maker_s_note_does_not_move() -> None:
    block = camera_block()
    with Image.open(io.BytesIO(encode_photo(".jpg", PHOTO, Kept(exif=block)).data)) as written:
        exif = written.info["exif"].removeprefix(b"Exif\0\0")
    assert exif.index(b"\7" * 20) == block.index(b"\7" * 20)
    assert b"\xff\xd8\xff" in block
    assert b"\xff\xd8\xff" not in exif


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_transparency_is_kept(tmp_path: Path, ending: str) -> None:
    alpha = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (40, 1))
    save_photo(tmp_path / f"out{ending}", PHOTO, alpha=alpha, bits=16)
    back = read_original(tmp_path / f"out{ending}")
    assert back.alpha is not None
    assert np.abs(back.alpha - alpha).max() < 1e-4


def test_levels_are_written_as_they_are(tmp_path: Path) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (8, 9, 3), np.uint8)
    for image, bits in ((levels, 8), (levels, 16), (levels.astype(np.uint16) * 257, 8)):
        save_photo(tmp_path / "out.png", image, bits=bits)
        np.testing.assert_array_equal(np.rint(read_original(tmp_path / "out.png").photo * 255), levels)


def test_refusals_say_what_is_written_instead(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="it is transparent, and no JPEG can be"):
        save_photo(tmp_path / "out.jpg", PHOTO, alpha=np.zeros((40, 48)))
    with pytest.raises(ImageError, match=r"\.gif is not written"):
        save_photo(tmp_path / "out.gif", PHOTO)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "kept",
    [
        Kept(exif=b"Exif\0\0II*\0\xff\xff\xff\xff", xmp=b"<x"),
        Kept(exif=b"", xmp=b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', profile=b"no profile"),
        Kept(exif=b"nothing", profile=ADOBE[:300]),
    ],
)
def test_damage_beside_the_pixels_is_left_out_and_told(ending: str, kept: Kept) -> None:
    encoded = encode_photo(ending, PHOTO, kept)
    told_of = [note.split()[1] for note in encoded.notes]
    assert told_of == [name for name, data in (("EXIF", kept.exif), ("XMP", kept.xmp)) if data]


@pytest.mark.parametrize("length", range(0, len(camera_block()), 7))
def test_a_block_cut_anywhere_breaks_nothing(length: int) -> None:
    for ending in ENDINGS:
        encode_photo(ending, PHOTO[:8, :8], Kept(exif=camera_block()[:length]))


def test_what_is_too_large_for_a_jpeg_is_told() -> None:
    encoded = encode_photo(".jpg", PHOTO, Kept(exif=camera_block() + bytes(70_000)))
    assert encoded.notes == (f"its EXIF of {len(camera_block()) + 70_000} bytes does not fit into a JPEG: left out",)
    assert not encode_photo(".png", PHOTO, Kept(exif=camera_block() + bytes(70_000))).notes
