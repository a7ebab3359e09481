"""The images that steps start from: the disk is the only link between the stages."""

from pathlib import Path
from typing import NamedTuple

from pipeline.images.raster import ImageError
from pipeline.images.reading import read_photo
from pipeline.store.files import hash_array
from pipeline.store.hash_cache import Known, Recall, anew
from stages.arrays import Photo


class Start(NamedTuple):
    """An image of one step that others start from, whoever made it."""

    name: str
    """What the user calls it."""
    step: str
    file: str
    """In that step's folder."""
    anybody_s: bool
    """Whether another program's image is welcome there; one that can't be read is then the user's to mend."""

    def path(self, pair_folder: Path) -> Path:
        """Where it is, or would be, in a pair's folder of results."""
        return pair_folder / self.step / self.file

    def read(self, pair_folder: Path) -> Photo | None:
        """The image, (H, W, 3) in [0, 1]; None where there is none.

        Raises:
            ImageError: it can't be read.
        """
        path = self.path(pair_folder)
        return read_photo(path) if path.exists() else None

    def digest(self, pair_folder: Path, recall: Recall = anew) -> str | None:
        """Hash of the image that `read` gives; None where there is none, or it is ours and damaged: made again, then.

        Raises:
            ImageError: it may be anybody's, and can't be read.
        """
        path = self.path(pair_folder)
        if not path.exists():
            return None
        try:
            question = f"{pair_folder.name}: {self.name}"
            return recall(question, [path], lambda: Known({self.name: hash_array(read_photo(path))})).hashes[self.name]
        except ImageError:
            if self.anybody_s:
                raise
            return None


STAGE_ONE_IMAGE = Start("stage-one image", "stylize", "image.tiff", anybody_s=True)
TWO_STAGE_IMAGE = Start("two-stage image", "smooth", "image16.png", anybody_s=False)
