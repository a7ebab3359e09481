"""Stage one and the one-stage method, in torch: style by optimisation through VGG."""

from stages.stylize.coarse_to_fine import Stylized, stylize
from stages.stylize.one_stage import onestage
from stages.stylize.optimise import DivergedError, Iterate

__all__ = ["DivergedError", "Iterate", "Stylized", "onestage", "stylize"]
