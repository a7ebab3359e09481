"""What segment and stylize share, in torch: the encoder, its device, resampling, and guides to edges."""

from stages.features.device import best_device
from stages.features.encoder import Encoder

__all__ = ["Encoder", "best_device"]
