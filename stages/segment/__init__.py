"""Stage zero: the regions of a content photo and a style photo that belong together."""

from stages.segment.labels import PALETTE, read_labels
from stages.segment.remap import Regions, match_regions, one_region

__all__ = ["PALETTE", "Regions", "match_regions", "one_region", "read_labels"]
