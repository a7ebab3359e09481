"""The commands on photos that are in no dataset: a look transferred, learnt, applied, handed on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from pipeline.cli.options.common import Command, WithSettings
from pipeline.dataset.pairs import Pair
from pipeline.delivery.destinations import with_written_ending
from pipeline.images.saving import QUALITY, Form
from pipeline.settings.config import Config, Strength
from pipeline.settings.layers import load_config


class Delivering(WithSettings, frozen=True, kw_only=True):
    """What every command takes that makes photos of photos."""

    kind: Literal["jpg", "png", "tif"] | None = None
    """Results in a folder are of this kind; without it, each is of its photo's, or a JPEG where that is only read."""
    quality: Annotated[int, Meta(ge=1, le=100)] = QUALITY
    """A JPEG is written at this quality."""
    bits: Literal[8, 16] | None = None
    """A PNG or a TIFF has so many bits a channel; without it, as many as its photo."""
    strip: bool = False
    """What a photo's file tells of people, places and cameras (EXIF, XMP) is left out; without it, it is kept."""
    force: bool = False
    """What is current is done again, and what stands in a result's place is replaced, whoever made it."""

    @property
    def form(self) -> Form:
        """Of the files."""
        return Form(self.quality, self.bits, self.strip)

    def name_of_result(self, photo: Path) -> str:
        """In a folder."""
        return with_written_ending(photo) if self.kind is None else f"{photo.stem}.{self.kind}"


class Transfer(Delivering, frozen=True, kw_only=True):
    """Gives a photo the look of another, or many photos the look of one; as large as they are, if no size is set."""

    photos: tuple[Path, ...]
    """These are the photo and the one whose look it gets; with --style, all photos that get its look, or folders."""
    style: Path | None = None
    """All photos get the look of this one; `photostyle look make` mixes several."""
    output: Path | None = None
    """The result goes to this file; its ending says whether it is a JPEG, a PNG or a TIFF."""
    to: Path | None = None
    """The results go to this folder, under their photos' names."""
    mask: tuple[Path, ...] = ()
    """These two images are the masks of the photo and of the style."""

    positionals = ("photos",)
    leaves_out = frozenset({"onestage"})
    defaults: ClassVar[Mapping[str, Any]] = {"size": "native"}

    def settings_of(self, pair: Pair | None = None) -> Config:
        """The settings that count: a draft looks for no regions unless told to.

        Raises:
            ConfigError: a file can't be used.
        """
        settings = super().settings_of(pair)
        if not settings.draft:
            return settings
        defaults = {**self.defaults, "masks": "given"}
        return load_config(None, self.config, pair and pair.own_settings(), self.typed, defaults)


class LookMake(WithSettings, frozen=True, kw_only=True):
    """Learns a look from photos like those that it is for, and from one or several photos that have it."""

    photos: tuple[Path, ...]
    """These are some photos like those that the look is for, or folders of them."""
    style: tuple[str, ...]
    """These photos have the look. Of several, each may have a share behind a colon, as in dusk.jpg:0.3; those without
    one share what is left of 1 equally."""
    output: Path
    """The look goes to this file."""
    force: bool = False
    """It is made again, and what stands there is replaced, whoever made it."""

    positionals = ("photos",)
    leaves_out = frozenset({"draft", "stylize", "smooth", "onestage"})
    defaults: ClassVar[Mapping[str, Any]] = {"masks": "none", "draft": True}  # a table of colours knows no places


class LookApply(Delivering, frozen=True, kw_only=True):
    """Applies a look to photos, to whole folders of them, or to clips: the same colour always becomes the same."""

    look: Path
    """The look is in this file, made by `look make` or `look fit`."""
    photos: tuple[Path, ...]
    """These are the photos, folders of photos, or clips (.mp4, .mov, .mkv, ...)."""
    to: Path
    """The results go to this folder, under their photos' names."""
    cuts: tuple[Path, ...] = ()
    """The shots of a clip after its first get these looks, one each, in order; without it, all get the one look."""

    positionals = ("look", "photos")
    leaves_out = frozenset(Config.__struct_fields__) - {"strength", "protect"}


class LookFit(Command, frozen=True, kw_only=True):
    """Finds the look that comes nearest to what was made of a photo, by whatever program."""

    content: Path
    """This is the photo that something was made of."""
    result: Path
    """This is what was made of it: of the same size, or both brought down to one."""
    output: Path
    """The look goes to this file."""
    force: bool = False
    """What stands there is replaced, whoever made it."""

    positionals = ("content", "result")


class LookExport(Command, frozen=True, kw_only=True):
    """Writes a look for other programs: a 33-point .cube, or a HaldCLUT as a 16-bit .png."""

    look: Path
    """The look is in this file, made by `look make` or `look fit`."""
    output: Path
    """It goes to this file; its ending says what it is."""
    strength: Strength = 1.0
    """The look is handed on at this strength."""
    force: bool = False
    """What stands there is replaced, whoever made it."""

    positionals = ("look",)
