"""The folder for what can be had again: weights, and what commands without a folder of results are at work on."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/photostyle, by default ~/.cache/photostyle. It may not be there yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "photostyle"
