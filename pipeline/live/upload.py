"""Two photos of one's own, taken from the page, and made a pair of in the background."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.dataset.pairs import Pair
from pipeline.events.errors import reason_of
from pipeline.images.reading import read_photo
from pipeline.store.files import LockedError, lock, write_atomically

Uploaded = Literal["content", "style"]
PREFIX = "photostyle-uploads-"
LONGEST = 60
"""Name of a photo, in letters."""


class Progress(NamedTuple):
    """How far it is."""

    step: int = 0
    total: int = 0
    text: str = ""
    error: str = ""
    pair: int | None = None
    """The pair's number on the page, once there is something of it to see."""
    done: bool = False


Make = Callable[[Pair, Path, Callable[[Progress], None]], None]
"""Makes a pair ready for the page, with results in a folder of its own, and tells how far it is."""


@contextmanager
def uploads_folder() -> Iterator[Path]:
    """A folder that is gone when the block ends; those of killed servers, whose lock nobody holds, go at once."""
    for stale in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(LockedError, OSError):
            if stale.lstat().st_uid == os.getuid():
                with lock(stale):
                    shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name, lock(Path(name)):
        yield Path(name)


class Uploads:
    """Photos are taken one for each side; with both, one job at a time makes a pair of them.

    Args:
        folder: for the photos and results; they last as long as it does.
        make: makes the pairs ready.
    """

    def __init__(self, folder: Path, make: Make) -> None:
        self.progress: Progress | None = None
        self._folder, self._make = folder, make
        self._names: dict[Uploaded, str] = {}
        self._count = 0
        self._alone = threading.Lock()

    def take(self, side: Uploaded, name: str, data: bytes) -> tuple[int, int]:
        """Keeps a photo of either side; its height and width.

        Args:
            side: what it is for.
            name: of its file, which is only ever shown.
            data: the file.

        Raises:
            ImageError: it is none that the stages read.
        OSError: the disk is full.
        """
        path = self._folder / f"next_{side}"
        write_atomically(path, data)
        try:
            height, width = read_photo(path).shape[:2]
        except ValueError as error:
            path.unlink()
            raise type(error)(str(error).replace(str(path), f"the {side} photo")) from error
        self._names[side] = Path(name).stem[:LONGEST] or side
        return height, width

    def start(self) -> None:
        """Begins with the two photos that were taken last.

        Raises:
            ValueError: one is missing, or another job is at work.
        """
        with self._alone:
            if self.progress is not None and not self.progress.done and not self.progress.error:
                raise ValueError("two photos are at work already: wait for them")
            waiting = {side: self._folder / f"next_{side}" for side in ("content", "style")}
            if missing := [side for side, path in waiting.items() if not path.exists()]:
                raise ValueError(f"choose a {' and a '.join(missing)} photo first")
            self._count += 1
            place = self._folder / str(self._count)
            place.mkdir()
            for side, path in waiting.items():
                path.rename(place / side)
            self.progress = Progress(text="loading")
        name = f"{self._names['content']} in the look of {self._names['style']}"
        pair = Pair(name, place / "content", place / "style")
        threading.Thread(target=self._work, args=(pair, place), daemon=True).start()

    def _work(self, pair: Pair, place: Path) -> None:
        assert self.progress is not None  # it has been started
        try:
            self._make(pair, place, self._tell)
            self._tell(self.progress._replace(done=True))
        except Exception as error:  # told on the page; the server goes on
            self._tell(self.progress._replace(error=reason_of(error).replace(str(place), "your photos")))

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
