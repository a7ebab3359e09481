"""The trade-off as a picture: edges kept against style taken, one curve for each method."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INCHES, DPI = (8.0, 6.0), 150
MARGIN = 0.12
"""Room around the points for their labels, as a share of their spread."""


class Curve(NamedTuple):
    """A method over its dial, or, with a single point, a method without one."""

    method: str
    labels: Sequence[str]
    """One for each point, "" for none."""
    style_distance: Sequence[float]
    edge_ssim: Sequence[float]


def tradeoff_plot(title: str, curves: Sequence[Curve], notes: Sequence[str]) -> bytes:
    """Draws the curves, better towards the upper left.

    Args:
        title: stands above.
        curves: one colour each, in this order.
        notes: stand below, one line each.

    Returns:
        A PNG file. Drawn without a display, and without pyplot's global state.
    """
    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    for number, curve in enumerate(curves):
        _draw(axes, curve, number)
    axes.set_title(title)
    axes.set_xlabel("style distance  (\N{LEFTWARDS ARROW} better)")
    axes.set_ylabel("edge SSIM  (better \N{RIGHTWARDS ARROW})")
    axes.margins(MARGIN)
    axes.grid(alpha=0.3)
    axes.legend(loc="best")
    figure.supxlabel("\n".join(notes), fontsize="x-small", color="0.4")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw(axes: Axes, curve: Curve, number: int) -> None:
    colour = colormaps["tab10"](number % 10)
    alone = len(curve.labels) == 1
    axes.plot(
        curve.style_distance, curve.edge_ssim, color=colour, label=curve.method,
        marker="D" if alone else "o", linestyle="none" if alone else "-",
    )  # fmt: skip
    above = number % 2 == 0  # of two neighbouring curves, one is labelled above and the other below
    for label, x, y in zip(curve.labels, curve.style_distance, curve.edge_ssim, strict=True):
        axes.annotate(
            label, (x, y), xytext=(-6, 5) if above else (6, -5), textcoords="offset points", color=colour,
            fontsize="small", ha="right" if above else "left", va="bottom" if above else "top",
        )  # fmt: skip
