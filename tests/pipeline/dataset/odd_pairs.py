"""Pairs as people keep them: any names, any ways to save the same masks and settings; and pairs with one fault."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from stages.segment.labels import PALETTE, Colour
from tests.pipeline.images import oddities
from tests.pipeline.images.image_files import PHOTO, chunk, png, saved, tiff
from tests.pipeline.images.mask_files import alpha, bands

SHAPE = PHOTO.height, PHOTO.width
SOUND = {
    "PNG": (png(), oddities.PNG),
    "JPEG": (saved(PHOTO, "JPEG", quality=90), oddities.JPEG),
    "TIFF": (tiff(metadata=None), oddities.TIFF),
    "WEBP": (saved(PHOTO, "WEBP"), oddities.WEBP),
}
SUFFIXES = {"PNG": ["png", "PNG"], "JPEG": ["jpg", "JPEG", "jpe"], "TIFF": ["tif", "TIFF"], "WEBP": ["webp", "WebP"]}
LETTERS = "aZ09 _-.,'\"$&;#%~!(){}[]<>|:*?\\\u00e9e\u0301\u3000\u00a0\u200d\u200f\u0e17\u05d0\u6d77\U0001f30a\ufeff"
SIDECARS = [".DS_Store", "._content.jpg", "Thumbs.db", "desktop.ini", "content.xmp", "notes.txt", "style.jpg.json"]
SETTINGS = b"[smooth]\nlambda = 0.5 # less\n"
FAR_APART = ((200, 30, 40), (20, 90, 160), (240, 220, 120))
"""Colours of one's own."""


def any_case(name: str, rng: np.random.Generator) -> str:
    return "".join(one.upper() if rng.integers(2) else one for one in name)


def any_name(rng: np.random.Generator) -> str:
    name = "".join(rng.choice(list(LETTERS), rng.integers(1, 20)))
    return f"{'x' if name.startswith('.') else ''}{name}"


def odd_photo(rng: np.random.Generator) -> tuple[bytes, str]:
    """A photo with something harmless, and a suffix, now and then that of another format."""
    kind = rng.choice(list(SOUND))
    data, table = SOUND[kind]
    change = table[rng.choice(list(table))].change
    suffixes = SUFFIXES[kind if rng.integers(5) else "JPEG"]
    return change(data, rng), str(rng.choice(suffixes))


def indexed(numbers: np.ndarray, colours: list[Colour], rng: np.random.Generator) -> bytes:
    """A PNG whose palette has the colours anywhere, among others that it makes no use of."""
    places = rng.permutation(16)[: len(colours)]
    palette = rng.integers(0, 256, (16, 3))
    palette[places] = colours
    image = Image.fromarray(places[numbers].astype(np.uint8))
    image.putpalette(palette.ravel().tolist())
    return saved(image, "PNG", bits=int(rng.choice([4, 8])))


def with_text(data: bytes, rng: np.random.Generator) -> bytes:
    return data[:33] + chunk(b"zTXt", b"made by\0\0" + zlib.compress(bytes(rng.integers(9999)))) + data[33:]


def stray(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With one pixel of whatever colour."""
    values = values.copy()
    values[rng.integers(len(values)), rng.integers(values.shape[1])] = rng.integers(0, 256, 3)
    return values


def one_clear(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    opaque = np.full(values.shape[:2], 255)
    opaque[rng.integers(len(values)), rng.integers(values.shape[1])] = 0
    return alpha(values, opaque)


def nearly(colours: list[Colour], rng: np.random.Generator) -> list[Colour]:
    """A few levels off, as of a program with a colour profile."""
    off = np.array(colours) + rng.integers(-9, 10, (len(colours), 3))
    return [tuple(colour) for colour in off.clip(0, 255).tolist()]


Save = Callable[[np.ndarray, list[Colour], np.random.Generator], bytes]
PAINTED: dict[str, Save] = {
    "plain": lambda numbers, colours, rng: png(np.array(colours, np.uint8)[numbers]),
    "of 16 bits": lambda numbers, colours, rng: png(np.array(colours, np.uint16)[numbers] * 257),
    "with text": lambda numbers, colours, rng: with_text(png(np.array(colours, np.uint8)[numbers]), rng),
    "opaque": lambda numbers, colours, rng: png(alpha(np.array(colours)[numbers], np.full(numbers.shape, 255))),
    "with a clear pixel": lambda numbers, colours, rng: png(one_clear(np.array(colours)[numbers], rng)),
    "with a stray pixel": lambda numbers, colours, rng: png(stray(np.array(colours, np.uint8)[numbers], rng)),
    "a few levels off": lambda numbers, colours, rng: png(np.array(nearly(colours, rng), np.uint8)[numbers]),
    "a TIFF": lambda numbers, colours, rng: tiff(np.array(colours, np.uint8)[numbers], compression="zlib"),
    "a WebP": lambda numbers, colours, rng: saved(
        Image.fromarray(np.array(colours, np.uint8)[numbers]), "WEBP", lossless=True
    ),
    "of a palette": indexed,
}


def masks(rng: np.random.Generator) -> tuple[bytes, bytes]:
    """Three bands, top to bottom, of the same three classes in both, each saved in a way of its own."""
    numbers = bands(SHAPE, 0, 1, 2)
    if not rng.integers(4):  # class numbers
        known = rng.choice(200, 3, replace=False)
        return png(known[numbers].astype(np.uint8)), png(known[numbers].astype(rng.choice([np.uint8, np.uint16])))
    if not rng.integers(4):
        return indexed(numbers, list(FAR_APART), rng), indexed(numbers, nearly(list(FAR_APART), rng), rng)
    names = rng.choice([name for name in PALETTE if name not in ("black", "grey", "white")], 3, replace=False)
    content, style = (PAINTED[way] for way in rng.choice(list(PAINTED), 2))
    colours = [PALETTE[name] for name in names]
    return content(numbers, colours, rng), style(numbers, colours, rng)


def odd_settings(rng: np.random.Generator) -> bytes:
    ends = [b"\n", b"\r\n", b"\r"][rng.integers(3)]
    mark = [b"", b"\xef\xbb\xbf"][rng.integers(2)]
    return mark + SETTINGS.replace(b"\n", ends).replace(b" ", [b" ", b"\t", b"  "][rng.integers(3)])


def put_harmless(root: Path, rng: np.random.Generator) -> Path:
    """A pair with many things that are odd about it; its folder."""
    folder = root / any_name(rng)
    folder.mkdir(parents=True)
    for side, mask in zip(("content", "style"), masks(rng), strict=True):
        data, suffix = odd_photo(rng)
        (folder / f"{any_case(side, rng)}.{suffix}").write_bytes(data)
        (folder / f"{any_case(side, rng)}_{any_case('mask', rng)}.{'png' if rng.integers(2) else 'PNG'}").write_bytes(
            mask
        )
    for name in rng.choice(SIDECARS, rng.integers(4), replace=False):
        (folder / name).write_bytes(b"whatever")
    (folder / "photostyle.toml").write_bytes(odd_settings(rng))
    return folder


def put_sound(root: Path) -> Path:
    folder = root / "pair"
    folder.mkdir(parents=True)
    for side in ("content", "style"):
        (folder / f"{side}.png").write_bytes(png())
        (folder / f"{side}_mask.png").write_bytes(png(bands(SHAPE, PALETTE["blue"], PALETTE["green"])))
    return folder


Harm = Callable[[Path, np.random.Generator], None]


def rewrite(name: str, make: Callable[[np.random.Generator], bytes]) -> Harm:
    return lambda folder, rng: (folder / name).write_bytes(make(rng)) and None


def rename(name: str, names: list[str]) -> Harm:
    return lambda folder, rng: (folder / name).rename(folder / rng.choice(names)) and None


def link(name: str, targets: list[str]) -> Harm:
    def harm(folder: Path, rng: np.random.Generator) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(rng.choice(targets))

    return harm


def of_another_size(rng: np.random.Generator) -> bytes:
    height, width = SHAPE + rng.choice([-9, -5, -2, 2, 4, 30], 2)
    return png(bands((height, width), PALETTE["blue"], PALETTE["green"]))


def half_clear(rng: np.random.Generator) -> bytes:
    opaque = np.where(rng.random(SHAPE) < rng.uniform(0.02, 0.98), 0, 255)
    return png(alpha(bands(SHAPE, PALETTE["blue"], PALETTE["green"]), opaque))


def between_colours(rng: np.random.Generator) -> bytes:
    """Paint that is about half way from one colour of the palette to another."""
    one, other = (np.array(PALETTE[name]) for name in ("blue", "light blue"))
    paint = np.rint(one + (other - one) * rng.uniform(0.35, 0.65)).astype(int)
    return png(bands(SHAPE, tuple(paint.tolist()), PALETTE["green"]))


def numbers_alone(rng: np.random.Generator) -> bytes:
    return png(bands(SHAPE, *rng.choice(np.arange(2, 100), 2, replace=False).tolist(), dtype=np.uint8))


def own_palette(rng: np.random.Generator) -> bytes:
    return indexed(bands(SHAPE, 0, 1), list(FAR_APART[:2]), rng)


def toml(*texts: bytes) -> Callable[[np.random.Generator], bytes]:
    return lambda rng: texts[rng.integers(len(texts))]


def control(folder: Path, rng: np.random.Generator) -> None:
    folder.rename(folder.with_name(f"a{chr(rng.choice([1, 7, 9, 10, 13, 27, 31, 127, 0x85, 0x2028, 0x202E]))}b"))


RENAME = "is no name that is read: rename it to"
HARMFUL: dict[str, tuple[Harm, str]] = {
    "a name with a control": (control, "can't name a folder of results: rename it"),
    "a hyphen": (rename("content_mask.png", ["content-mask.png", "Content Mask.PNG", "contentmask.png"]), RENAME),
    "a copy": (rename("style.png", ["style (1).png", "Copy of style.png", "style.png.png"]), RENAME),
    "a format that is not read": (
        rename("content.png", ["content.gif", "Content.BMP", "content.psd", "content.xcf"]),
        "is not read: save it as JPEG or PNG",
    ),
    "a name alone": (rename("content.png", ["content", "Content"]), "give it its suffix"),
    "another name": (rename("content.png", ["IMG_1.png", "beach.jpg"]), "no content photo: add one .*not used"),
    "one mask": (lambda folder, rng: (folder / "style_mask.png").unlink(), "no style_mask: add the one or remove"),
    "two photos": (
        lambda folder, rng: (
            (folder / rng.choice(["CONTENT.png", "content.jpg", "Content.TIFF"])).write_bytes(png()) and None
        ),
        "both could be the content: keep one",
    ),
    "a link to nothing": (link("style.png", ["none.png", "../none/style.png"]), "which is not there: put the file"),
    "a link to itself": (link("style.png", ["style.png", "./style.png"]), "which leads back to it: put the file"),
    "a link out of it": (link("style.png", ["/etc/hostname", "../../.."]), "leads out of the dataset's folder: copy"),
    "a mask of another size": (rewrite("content_mask.png", of_another_size), "its photo 48x40: (save|turn)"),
    "a mask half clear": (rewrite("style_mask.png", half_clear), "transparent, of no class: paint every pixel"),
    "a mask between colours": (rewrite("content_mask.png", between_colours), "repaint it in one of blue"),
    "numbers beside colours": (rewrite("content_mask.png", numbers_alone), "make both of a kind"),
    "a palette beside other colours": (
        rewrite("content_mask.png", own_palette),
        "repaint it in one of|no class in common",
    ),
    "an empty mask": (rewrite("content_mask.png", lambda rng: b""), "an empty file: only"),
    "unknown settings": (
        rewrite("photostyle.toml", toml(b"[smooth]\nlamda = 1\n", b"colour = 3\n", b"[Smooth]\nmu = 1\n")),
        "unknown key .*it knows",
    ),
    "settings of another type": (
        rewrite("photostyle.toml", toml(b'[smooth]\nmu = "3"\n', b"[smooth]\nmu = true\n", b"[smooth]\nmu = [1]\n")),
        "smooth.mu: wants a number of 0 or more, not",
    ),
    "settings out of range": (
        rewrite(
            "photostyle.toml", toml(b"[smooth]\nlambda = 0\n", b"[smooth]\nlambda = -1\n", b"[smooth]\nlambda = nan\n")
        ),
        "smooth.lambda: wants a number above 0, not",
    ),
    "settings that are no TOML": (
        rewrite(
            "photostyle.toml",
            toml(b"[smooth]\nmu = 0,5\n", b"[smooth]\nmu: 3\n", "[smooth]\nmu = \u201c3\u201d".encode()),
        ),
        "line 2, .*: write name = value",
    ),
    "settings in UTF-16": (
        rewrite(
            "photostyle.toml",
            lambda rng: SETTINGS.decode().encode(str(rng.choice(["utf-16", "utf-16-le", "utf-16-be"]))),
        ),
        "is UTF-16: save it as UTF-8",
    ),
}
"""What is done to a sound pair, and what is said, as a pattern."""
