"""What a command is: its options, each a field with its default and, for the help, a docstring of whole sentences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from pipeline.dataset.pairs import Pair
from pipeline.settings.config import Config
from pipeline.settings.layers import load_config

FILLED_IN = frozenset({"settings", "typed", "lambdas"})
"""Fields that are no options: they come of the others."""


class Command(Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    positionals: ClassVar[tuple[str, ...]] = ()
    """Fields that are given without their name, in this order."""
    goes_on: ClassVar[bool] = False
    """Whether it goes on from results that are there."""
    leaves_out: ClassVar[frozenset[str]] = frozenset()
    """Options and sections of the settings that mean nothing to the command: they are accepted, but not listed."""


class WithSettings(Command, frozen=True, kw_only=True):
    """What every command takes that the settings decide."""

    config: Path | None = None
    """This TOML file of settings overrides the dataset's own photostyle.toml; the options here override both."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Settings that this command has otherwise than others, where nothing sets them."""
    settings: Config = Config()
    """Those of the dataset as a whole."""
    typed: Mapping[str, Any] = {}
    """The settings that were typed, as texts."""

    def settings_of(self, pair: Pair | None = None) -> Config:
        """The settings that count.

        Raises:
            ConfigError: a file can't be used.
        """
        return load_config(None, self.config, pair and pair.own_settings(), self.typed, self.defaults)
