"""The configuration: one frozen struct with a section for each stage. A setting is a field with its default and, for
the help of the command line, a docstring of whole sentences. Reading it never imports torch.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from stages.segment.labels import PALETTE, Colour
from stages.settings import NonNegative, OneStage, Positive, Smooth, Stylize

FILE = "photostyle.toml"
"""Of settings, in a dataset's folder and in a pair's."""
MODEL = "openmmlab/upernet-convnext-tiny"
"""That knows ADE20K's classes."""
WORKING_SIZE = 700
"""Long edge in pixels at which the stages work where nothing else is asked for."""

Size = Annotated[int, Meta(ge=32)] | Literal["native"]
Strength = Annotated[float, Meta(ge=0, le=1.5)]
Channel = Annotated[int, Meta(ge=0, le=255)]


class ConfigError(ValueError):
    """A configuration that can't be used: the message names the file, the key and what is allowed."""


class Segment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stage zero, where masks is semantic."""

    model: str = MODEL
    """The network that knows ADE20K's classes is this one, which is downloaded once, or one in a folder of yours, with
    a UPerNet's config.json and model.safetensors."""


class Protect(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a result leaves alone."""

    skin: Annotated[float, Meta(ge=0, le=1)] = 0.0


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every parameter of a run."""

    size: Size = WORKING_SIZE
    """Both photos are brought down to this long edge in pixels; smaller photos stay as they are. With native the
    stages work at the default, and the two-stage result is also carried up to the content's own size."""
    encoder: Literal["auto", "vgg19", "vgg16"] = "auto"
    """Style and content are carried by the features of this network; auto is vgg19 where it can be had, or vgg16."""
    draft: bool = False
    """Each pair gets a draft and nothing else, in a second once its regions are known: the content in the colours of
    the style, region by region. Stage one is left out, and so are the comparison and the report. For photos in no
    dataset, regions are looked for only with --masks auto."""
    strength: Strength = 1.0
    """A result is this far on the way from the content (0) to what was made of it (1); up to 1.5 goes beyond."""
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    """Stage one computes here; auto is cuda where it works, otherwise the cpu. PyTorch's mps lacks operations that are
    needed here, and is only taken where it is named."""
    masks: Literal["auto", "semantic", "given", "none"] = "auto"
    """Regions come from the masks beside the photos. Where there are none, auto finds regions in the photos, semantic
    finds them by what is in the photos (sky, water, building, ...), and given does without. With none, no mask is read,
    and all of the content takes the look of all of the style."""
    strict: bool = False
    """Photos and masks are refused if anything about them would have to be put right: a colour profile that does not
    fit, edges between a mask's colours, a size one pixel off, a class that the style lacks."""
    palette: dict[str, tuple[Channel, Channel, Channel]] = {}
    """The masks' colours by name, in place of the paper's nine."""
    protect: Protect = Protect()
    """With skin=0.7, the skin of people whose faces are found keeps its own hue so far, while its light follows the
    style: 0 not at all, 1 wholly. What finds faces is downloaded once (2 MB)."""
    segment: Segment = Segment()
    stylize: Stylize = Stylize()
    smooth: Smooth = Smooth()
    onestage: OneStage = OneStage()


class OwnSmooth(Struct, frozen=True, forbid_unknown_fields=True):
    """What a pair may have of its own, of stage two."""

    lam: Positive = msgspec.field(name="lambda")
    mu: NonNegative


class Own(Struct, frozen=True, forbid_unknown_fields=True):
    """What a pair may have of its own."""

    smooth: OwnSmooth


def palette_of(config: Config) -> dict[str, Colour]:
    """The colours of the masks: the paper's nine where the configuration has none.

    Raises:
        ConfigError: two names for one colour.
    """
    if not config.palette:
        return PALETTE
    names: dict[Colour, str] = {}
    for name, colour in config.palette.items():
        if colour in names:
            raise ConfigError(f"palette: {names[colour]} and {name} are the same colour, {colour}: keep one")
        names[colour] = name
    return config.palette


def working_size(size: Size) -> int:
    """Long edge at which the stages work, pixels."""
    return WORKING_SIZE if size == "native" else size
