"""Colours to sRGB: through the profile in the file, or the one that it names; Pillow's own conversion is the oracle."""

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.images.masks.reading import read_mask
from pipeline.images.reading import read_photo, understand

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
ADOBE = bytes(imagecodecs.cms_profile("adobergb"))
COLOURS = np.random.default_rng(5).integers(60, 200, (6, 9, 3), dtype=np.uint8)


def save(path: Path, image: Image.Image, kind: str, **options: object) -> Path:
    image.save(path, kind, **options)
    return path


def by_pillow(image: Image.Image, profile: bytes) -> np.ndarray:
    converted = ImageCms.profileToProfile(image, io.BytesIO(profile), SRGB, outputMode="RGB")
    return np.asarray(converted) / 255


def test_an_embedded_profile_is_applied(tmp_path: Path) -> None:
    image = Image.fromarray(COLOURS)
    photo = read_photo(save(tmp_path / "a.png", image, "PNG", icc_profile=ADOBE))
    assert np.abs(photo - by_pillow(image, ADOBE)).max() < 1.5 / 255
    assert np.abs(photo - COLOURS / 255).max() > 0.05


def test_16_bits_are_converted_as_16_bits(tmp_path: Path) -> None:
    shades = np.linspace(30000, 30300, 300).astype(np.uint16)[None, :, None] * np.ones((4, 1, 3), np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(bytes(imagecodecs.png_encode(shades)))
    with Image.open(save(tmp_path / "b.png", Image.new("RGB", (1, 1)), "PNG", icc_profile=ADOBE)) as image:
        assert image.info["icc_profile"] == ADOBE
    profiled = (tmp_path / "b.png").read_bytes()
    start = profiled.index(b"iCCP") - 4
    (length,) = struct.unpack(">I", profiled[start : start + 4])
    data = path.read_bytes()
    path.write_bytes(data[:33] + profiled[start : start + length + 12] + data[33:])
    assert len(np.unique(read_photo(path)[0, :, 0])) > 250


def test_srgb_s_own_profile_changes_nothing(tmp_path: Path) -> None:
    path = save(tmp_path / "s.png", Image.fromarray(COLOURS), "PNG", icc_profile=SRGB.tobytes())
    assert np.array_equal(read_photo(path), COLOURS / np.float32(255))


@pytest.mark.parametrize(("index", "adobe"), [("R03", True), ("R98", False)])
def test_adobe_rgb_is_known_by_exif_too(tmp_path: Path, index: str, adobe: bool) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA001: 0xFFFF, 0xA005: {1: index}})
    image = Image.new("RGB", (16, 16), (180, 90, 90))
    photo = read_photo(save(tmp_path / "a.jpg", image, "JPEG", quality=100, exif=exif))
    expected = by_pillow(image, ADOBE) if adobe else np.asarray(image) / 255
    assert np.abs(photo - expected).max() < 3 / 255


def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    profile = cmyk_profile()
    inks = Image.fromarray(np.random.default_rng(6).integers(0, 256, (8, 8, 4), dtype=np.uint8), "CMYK")
    expected = by_pillow(inks, profile)
    assert np.ptp(expected) > 0.5
    photo = read_photo(save(tmp_path / "a.tif", inks, "TIFF", icc_profile=profile))
    assert np.abs(photo - expected).max() < 2 / 255
    white = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert read_photo(save(tmp_path / "w.jpg", white, "JPEG", icc_profile=profile)).min() > 0.98
    with pytest.raises(ValueError, match="a mask is RGB, grey or of a palette, this one is CMYK"):
        read_mask(tmp_path / "a.tif")


def of_class(kind: bytes, space: bytes) -> bytes:
    """sRGB's profile, which says that it is something else."""
    profile = bytearray(SRGB.tobytes())
    profile[12:20] = kind + space
    return bytes(profile)


GREY = bytes(imagecodecs.cms_profile("gray"))
MISFITS = {
    "no profile": (b"not a profile", "is broken"),
    "long and no profile": (b"no profile" * 30, "is broken"),
    "cut off": (ADOBE[:200], "is broken"),
    "a header alone": (ADOBE[:128], "is broken"),
    "empty": (b"", "is broken"),
    "for grey": (GREY, "is for grey, its colours are RGB"),
    "for CMYK": (of_class(b"prtr", b"CMYK"), "is for CMYK, its colours are RGB"),
    "for Lab": (of_class(b"spac", b"Lab "), "is for Lab, its colours are RGB"),
    "for six inks": (of_class(b"prtr", b"6CLR"), "is for 6CLR, its colours are RGB"),
    "of unspeakable colours": (of_class(b"mntr", b"\0\1\2\3"), "is broken"),
    "a device link": (of_class(b"link", b"RGB "), "is a link between two devices"),
    "an effect": (of_class(b"abst", b"RGB "), "is an effect"),
    "named colours": (of_class(b"nmcl", b"RGB "), "is a list of named colours"),
    "of no class": (of_class(b"abcd", b"RGB "), "is of no kind that is known"),
}
"""Profiles for an RGB photo, and what is said of them."""


@pytest.mark.parametrize("name", MISFITS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_profile_that_does_not_fit_is_passed_over_and_said(
    tmp_path: Path, name: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    profile, why = MISFITS[name]
    image = Image.fromarray(COLOURS)
    plain = understand(save(tmp_path / "plain", image, kind))
    odd = understand(save(tmp_path / "odd", image, kind, icc_profile=profile))
    assert plain.notes == ()
    assert odd.notes in ((f"its colour profile {why}: taken for sRGB",), *([()] if not profile else []))
    assert np.array_equal(odd.original.photo, plain.original.photo)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_grey_photo_with_a_profile_for_colours_is_grey(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(COLOURS).convert("L")
    plain = read_photo(save(tmp_path / "plain", image, kind))
    odd = understand(save(tmp_path / "odd", image, kind, icc_profile=SRGB.tobytes()))
    assert odd.notes == ("its colour profile is for RGB, its colours are grey: taken for grey",)
    assert np.array_equal(odd.original.photo, plain)


def test_inks_with_a_profile_that_does_not_fit_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", Image.new("CMYK", (16, 16)), "JPEG", icc_profile=ADOBE)
    with pytest.raises(
        ValueError, match=r"a\.jpg: its colours are CMYK, and its colour profile is for RGB, .* convert"
    ):
        read_photo(path)


def cmyk_profile() -> bytes:
    """An ICC printer profile by hand: lightness falls with black ink, a* and b* follow the other three (lut8Type)."""

    def lab(c: int, m: int, y: int, k: int) -> bytes:
        lightness = 255 * (1 - k) * (1 - 0.2 * (c + m + y))
        return bytes([round(lightness), 128 + 60 * (m - c) * (1 - k), 128 + 60 * (y - c) * (1 - k)])

    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    nodes = [lab(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + b"".join(nodes) + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"none\0"
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags, table, blob = {b"A2B0": lut, b"wtpt": white, b"cprt": text, b"desc": name}, b"", b""
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(blob), len(data))
        blob += data + bytes(-len(data) % 4)
    size = 132 + len(table) + len(blob)
    head = struct.pack(">I4sI4s4s4s12s4s", size, b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ", bytes(12), b"acsp")
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + blob
