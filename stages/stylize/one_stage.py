"""The paper's own way, to be compared with: the photorealism term inside the optimisation (Luan et al. 2017)."""

import warnings

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from stages.arrays import Photo
from stages.features.encoder import Encoder
from stages.features.resample import to_tensor
from stages.segment.remap import Regions
from stages.settings import OneStage
from stages.stylize.coarse_to_fine import Stylized, descend
from stages.stylize.evaluation import OnNote
from stages.stylize.losses import photorealism_loss
from stages.stylize.on_device import load_pair
from stages.stylize.optimise import OnIterate
from stages.stylize.pixels import Pixels


def onestage(
    content: Photo,
    style: Photo,
    start: Photo,
    laplacian: sparse.csr_array,
    encoder: Encoder,
    *,
    regions: Regions | None = None,
    settings: OneStage = OneStage(),  # noqa: B008 (frozen)
    on_iterate: OnIterate | None = None,
    on_note: OnNote | None = None,
) -> Stylized:
    """Optimise the pixels under style, content and photorealism losses together, at the content's own size.

    Args:
        content, style: (H, W, 3) and (h, w, 3) float in [0, 1], at least 32 pixels each way.
        start: (H, W, 3), usually the stage-one result, as in the paper.
        laplacian: the content's Matting Laplacian, symmetric, (H * W, H * W).
        encoder: on the device to compute on.
        regions: the pair's matched regions; without them all of the style serves all of the content.
        settings: see `OneStage`.
        on_iterate: told of each evaluation.
        on_note: told of what makes it slower than it could be.

    Raises:
        ValueError: an image, a label map or the Laplacian is not what it should be.
        DivergedError: a loss is not finite.
    """
    pair = load_pair(content, style, regions, encoder.device)
    if start.shape != content.shape:
        raise ValueError(f"the start is of the content's size {content.shape}, this one is {start.shape}")
    pixels = content.shape[0] * content.shape[1]
    if laplacian.shape != (pixels, pixels):
        raise ValueError(f"the Laplacian of {pixels} pixels is {pixels} square, this one is {laplacian.shape}")
    L = to_sparse_tensor(laplacian, encoder.device)

    def photorealism(image: Tensor) -> dict[str, Tensor]:
        return {"photorealism": settings.photorealism_weight * photorealism_loss(image, L)}

    scales = [(max(content.shape[:2]), settings.evaluations)]
    pixels = Pixels(torch.zeros_like(pair.content), change=to_tensor(start, encoder.device))
    return descend(pair, pixels, encoder, settings, scales, on_iterate, on_note, photorealism)


def to_sparse_tensor(L: sparse.csr_array, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """A scipy matrix as a torch one, of that dtype and on that device."""
    rows, columns, values = (torch.from_numpy(np.asarray(part)) for part in (L.indptr, L.indices, L.data))
    with warnings.catch_warnings(), torch.sparse.check_sparse_tensor_invariants(True):  # type: ignore[no-untyped-call]
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")  # the product is all we need of it
        return torch.sparse_csr_tensor(rows, columns, values, L.shape).to(device, dtype)
