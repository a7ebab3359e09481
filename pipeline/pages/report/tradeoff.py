"""The trade-off as a drawing within the page: edges kept against style taken, one colour for each method."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from pipeline.pages.report.columns import METRICS, REFERENCE, Scored, ScoreTable, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SYMBOLS = {"lambda": "λ", "mu": "μ", "photorealism_weight": "w"}
"""Of the dials, as a drawing has room for them."""
INCHES = (7.5, 4.8)
PAGE_COLOURS = {"#000100": "var(--pale)", "#000200": "var(--line)", "#000300": "var(--paper)"}
PAGE_COLOURS |= {f"#00040{number}": f"var(--c{number})" for number in range(8)}
"""Matplotlib draws in colours that nobody else uses; on the page each becomes one that follows the reader's scheme."""
PALE, LINE, PAPER, *COLOURS = PAGE_COLOURS
STYLE: dict[Any, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": PALE,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": LINE,
    "legend.frameon": False,
    "legend.labelcolor": "linecolor",
    "svg.fonttype": "none",
    "svg.hashsalt": "photostyle",
    "text.parse_math": False,
    "xtick.color": PALE,
    "ytick.color": PALE,
}


class Mark(NamedTuple):
    """An image, or a method at one setting of its dial."""

    style_distance: float
    edge_ssim: float
    label: str = ""


def draw_tradeoff(table: ScoreTable, sweep: Path | None) -> Markup | None:
    """An SVG of every method but the content itself; None with fewer than two of them.

    Args:
        table: the scores.
        sweep: sweep.csv, if there is one of these images.
    """
    means = [mean for mean in table.means if mean.method != REFERENCE]
    if len(means) < 2:
        return None
    from matplotlib import rc_context  # takes long to import
    from matplotlib.figure import Figure

    file, swept = io.StringIO(), _read_sweep(sweep)
    with rc_context(STYLE):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.add_subplot(xlabel="style distance (← better)", ylabel="edge SSIM (better →)")
        axes.grid()
        for number, mean in enumerate(means):
            colour = COLOURS[number % len(COLOURS)]
            _plot(axes, [_point(row) for row in table.rows if row.method == mean.method], colour, "o", alpha=0.3)
            for stops in swept.get(mean.method, {}).values():
                _plot(axes, stops, colour, "o-", markersize=4)
                for x, y, text in stops:
                    axes.annotate(text, (x, y), (6, -9), textcoords="offset points", color=colour, fontsize=7)
            _plot(axes, [_point(mean)], colour, "o", markersize=10, markeredgecolor=PAPER, label=label(mean.method))
        figure.legend(loc="outside upper left", ncols=4)
        figure.savefig(file, format="svg", transparent=True, metadata={"Creator": None, "Date": None})
    drawing = file.getvalue()
    for ours, the_pages in PAGE_COLOURS.items():
        drawing = drawing.replace(ours, the_pages)
    return Markup(drawing[drawing.index("<svg") :])


def _plot(axes: "Axes", points: Sequence[Mark], colour: str, marks: str, **looks: Any) -> None:
    xs, ys = [point.style_distance for point in points], [point.edge_ssim for point in points]
    axes.plot(xs, ys, marks, color=colour, **looks)


def _point(row: Scored) -> Mark:
    values = dict(zip((column.name for column in METRICS), (score.value for score in row.scores), strict=True))
    return Mark(values["style_distance"] or 0.0, values["edge_ssim"] or 0.0)


def _read_sweep(file: Path | None) -> dict[str, dict[str, list[Mark]]]:
    """Each method's means over each of its dials, which come last in the file, one for each setting."""
    if file is None:
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    settings = len({(row["method"], row["dial"], row["value"]) for row in rows})
    swept: dict[str, dict[str, list[Mark]]] = {}
    for row in sorted(rows[-settings:], key=lambda row: float(row["value"])):
        point = Mark(
            float(row["style_distance"]), float(row["edge_ssim"]), f"{SYMBOLS[row['dial']]} {float(row['value']):g}"
        )
        swept.setdefault(row["method"], {}).setdefault(row["dial"], []).append(point)
    return swept
