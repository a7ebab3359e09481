"""The commands on photos that are in no dataset: a look learnt, applied, handed on."""

from pathlib import Path

from pipeline.cli.command import Command
from pipeline.dataset.config import Strength


class LookApply(Command, frozen=True, kw_only=True):
    """Applies a look to photos, or to whole folders of them: the same colour always becomes the same colour."""

    look: Path
    """This file is the look."""
    photos: tuple[Path, ...]
    """These are the photos, or folders of photos."""
    to: Path
    """The results go to this folder, under their photos' names."""
    strength: Strength = 1.0
    """A result is this far on the way from the photo (0) to the look (1); up to 1.5 goes beyond."""
    force: bool = False
    """What is current is done again, and what stands in a result's place is replaced, whoever made it."""

    positionals = ("look", "photos")


class LookFit(Command, frozen=True, kw_only=True):
    """Finds the look that comes nearest to what was made of a photo, by whatever program."""

    content: Path
    """This is the photo."""
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
    """This file is the look."""
    output: Path
    """It goes to this file; its ending says what it is."""
    strength: Strength = 1.0
    """The look is handed on at this strength."""
    force: bool = False
    """What stands there is replaced, whoever made it."""

    positionals = ("look",)
