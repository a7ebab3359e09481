"""What the arrays that go from stage to stage hold, and the light of a colour."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LUMA = (0.299, 0.587, 0.114)
"""Of sRGB values to one of light: Rec. 601."""

Photo: TypeAlias = npt.NDArray[np.float32]
"""(H, W, 3), sRGB values, in [0, 1] where nothing else is said."""
AnyPhoto: TypeAlias = npt.NDArray[np.floating[Any]]
"""The same, of whatever precision."""
Labels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W), the number of each pixel's class or region."""
AnyLabels: TypeAlias = npt.NDArray[np.integer[Any]]
"""The same, in whatever integers."""
Array: TypeAlias = npt.NDArray[np.float64]
"""Numbers to compute with; their shape is said where they are used."""
Tensors: TypeAlias = Mapping[str, npt.NDArray[np.float32]]
"""A network's weights by their names."""
