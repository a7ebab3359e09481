"""Stage one and the one-stage method, in torch: style by optimisation through VGG."""

from stages.stylize.device import best_device
from stages.stylize.encoder import Encoder
from stages.stylize.onestage import onestage
from stages.stylize.optimise import DivergedError, Iterate
from stages.stylize.stylize import Stylized, stylize

__all__ = ["DivergedError", "Encoder", "Iterate", "Stylized", "best_device", "onestage", "stylize"]
