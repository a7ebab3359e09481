"""The regions of a content photo and of a style photo, matched: a class that one of them lacks is dealt with here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from stages.arrays import AnyLabels, Photo
from stages.segment.likeness import SUBSTITUTES, by_name, looks

SMALLEST_SHARE = 1e-3
"""A class on less of its image than this has no statistics to speak of."""
THINNEST = 1 / 128
"""Of the long edge: a class of the style that is nowhere as wide as this would vanish at the sizes of stage one."""


@dataclass(frozen=True)
class Regions:
    """Label maps of a pair over the same classes."""

    content: npt.NDArray[np.uint8]
    """(H, W), values 0 .. count - 1."""
    style: npt.NDArray[np.uint8]
    """(h, w), values 0 .. count - 1, each present; `count` marks pixels of no use, of classes that nothing takes."""
    count: int
    content_notes: tuple[str, ...] = ()
    """What of the content was given another counterpart, or merged, for people."""
    style_notes: tuple[str, ...] = ()
    """What of the style was left out."""
    sure: bool = True
    """Whether someone drew them, or a model knows what they show; not where they were only found to look alike."""

    @property
    def places(self) -> "Regions":
        """Those that light and texture keep to. What is not sure is good enough for colours only: its borders would
        show, and a whole picture's places are told by what is seen there."""
        return self if self.sure else one_region(self.content.shape, self.style.shape)

    @property
    def notes(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.content_notes, *self.style_notes)


def one_region(content_shape: tuple[int, ...], style_shape: tuple[int, ...]) -> Regions:
    """A pair without masks: all of the content takes its look from all of the style."""
    return Regions(np.zeros(content_shape, np.uint8), np.zeros(style_shape, np.uint8), 1)


def match_regions(
    content: AnyLabels,
    style: AnyLabels,
    names: tuple[str, ...],
    content_photo: Photo,
    style_photo: Photo,
    *,
    sure: bool = True,
) -> Regions:
    """Every pixel of the content gets a region that the style has, with enough of it for statistics.

    The rule. A class that both have takes its look from its own. A class of the content that the style lacks, or has
    too little of, takes it from another class of the style: from one whose name may stand for it (`SUBSTITUTES`), else
    from the one that looks most like it (`looks`). A class on too little of the content, or nowhere three pixels wide,
    joins, pixel by pixel, what is nearest. What no class of the content takes is left out of the style, whose
    statistics it would falsify.

    Args:
        content, style: (H, W) and (h, w) class numbers.
        names: of the classes.
        content_photo, style_photo: (H, W, 3) and (h, w, 3) in [0, 1].
        sure: whether the classes are (see `Regions`).

    Raises:
        ValueError: the two have no class in common, and their names don't tell what may stand for what.
    """
    count = len(names)
    shares = [np.bincount(labels.ravel(), minlength=count) / labels.size for labels in (content, style)]
    in_content = (shares[0] >= SMALLEST_SHARE) & _as_wide_as(3, content, count)
    in_style = (shares[1] >= SMALLEST_SHARE) & _as_wide_as(max(1, round(THINNEST * max(style.shape))), style, count)
    told_by_names = all(names[k] in SUBSTITUTES for k in np.flatnonzero(in_content | in_style))
    if not (in_content & in_style).any() and not (told_by_names and in_content.any() and in_style.any()):
        has = [", ".join(names[k] for k in np.flatnonzero(share >= SMALLEST_SHARE)) for share in shares]
        raise ValueError(
            f"the masks have no class in common: the content's holds {has[0]}, the style's {has[1]}. "
            "Paint what belongs together in the same colour, or remove both masks"
        )
    told, left_out = list[str](), list[str]()
    taken = {int(k): int(k) for k in np.flatnonzero(in_content & in_style)}
    if lacking := np.flatnonzero(in_content & ~in_style).tolist():
        of_content, of_style = looks(content_photo, content, count), looks(style_photo, style, count)
        offered = np.flatnonzero(in_style).tolist()
        for k in lacking:
            named = by_name(names[k], [names[j] for j in offered])
            alike = int(np.linalg.norm(of_style[offered] - of_content[k], axis=1).argmin())
            taken[k] = offered[alike if named is None else named]
            told.append(
                f"{names[k]}: {shares[0][k]:.1%} of the content, {_how_little(shares[1][k])} of the style: "
                f"takes its look from {names[taken[k]]}, {'by its name' if named is not None else 'most alike'}"
            )
    slivers = np.flatnonzero((shares[0] > 0) & ~in_content)
    if len(slivers):
        told.append(
            f"{_listed(names, slivers)}: {_how_little(shares[0][slivers].sum())} of the content "
            "merged into what is nearest"
        )
    unused = np.flatnonzero((shares[1] > 0) & ~np.isin(np.arange(count), list(taken.values())))
    if len(unused):
        left_out.append(f"{_listed(names, unused)}: {_how_little(shares[1][unused].sum())} of the style left out")
    kept = sorted(set(taken.values()))
    numbers = np.full(count, len(kept), np.uint8)
    numbers[kept] = np.arange(len(kept))
    of_class = numbers[[taken.get(k, k) for k in range(count)]]
    regions = of_class[_nearest(content, list(taken))], numbers[style]
    return Regions(*regions, len(kept), tuple(told), tuple(left_out), sure)


def _as_wide_as(side: int, labels: AnyLabels, count: int) -> npt.NDArray[np.bool_]:
    """Whether each class somewhere fills a square of that many pixels."""
    whole = scipy.ndimage.maximum_filter(labels, side) == scipy.ndimage.minimum_filter(labels, side)
    wide: npt.NDArray[np.bool_] = np.bincount(labels[whole], minlength=count) > 0
    return wide


def _nearest(labels: AnyLabels, kept: list[int]) -> AnyLabels:
    """Each pixel of another class takes that of the nearest pixel of a kept one."""
    other = ~np.isin(labels, kept)
    if not other.any():
        return labels
    rows, columns = scipy.ndimage.distance_transform_edt(other, return_distances=False, return_indices=True)
    nearest: AnyLabels = labels[rows, columns]
    return nearest


def _how_little(share: float) -> str:
    return "none" if share == 0 else f"{share:.1%}" if share >= SMALLEST_SHARE else f"{share:.2%}"


def _listed(names: tuple[str, ...], classes: npt.NDArray[np.intp], most: int = 4) -> str:
    listed = ", ".join(names[k] for k in classes[:most])
    return listed if len(classes) <= most else f"{listed} and {len(classes) - most} more"
