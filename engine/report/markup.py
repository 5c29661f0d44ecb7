"""Pieces of the report: text, tables, figures, and curves as SVG that takes the page's text colour."""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from .history import Curve, Stage

CSS = """
:root { color-scheme: light dark; --ink: #1f2428; --soft: #667079; --line: #d9dee2; --paper: #fff; --fill: #f4f6f7;
  --accent: #2f7d57; --bad: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8eb; --soft: #98a3ac; --line: #353d44; --paper: #16191c;
  --fill: #1f2428; --accent: #63bd91; --bad: #f08578; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: .85rem; }
img { display: block; max-width: 100%; height: auto; margin-top: 1rem; border-radius: .3rem; }
.soft, caption, th { color: var(--soft); }
.wide { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
caption { text-align: left; font-size: .85rem; padding-bottom: .2rem; }
thead th { font-weight: 600; font-size: .85rem; }
tbody th { font-weight: inherit; color: inherit; white-space: nowrap; }
td.number, th.number { text-align: right; padding: .35rem 1.3rem .35rem .7rem; }
td[style] { background: color-mix(in srgb, var(--accent) calc(55% * var(--share)), transparent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.2rem 0; }
.tile { background: var(--fill); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.35rem; line-height: 1.25; color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.charts svg { width: 100%; height: auto; }
.maps { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-end; }
.maps svg { max-width: 100%; height: auto; }
.raster { fill: var(--fill); stroke: var(--line); }
.training { fill: #3b82c4; background: #3b82c4; }
.validation { fill: #e07b39; background: #e07b39; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin: 0 .3em 0 .6em; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .4em;
  outline: 1px solid var(--line); }
.note { border-left: 3px solid var(--line); padding: .2rem 0 .2rem .8rem; margin: .5rem 0; }
.note.bad { border-color: var(--bad); }
pre { background: var(--fill); padding: .9rem; border-radius: .5rem; overflow: auto; font-size: .8rem; }
summary { cursor: pointer; color: var(--soft); }
"""


_CODES = (*range(9), 11, 12, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
UNSHOWN = dict.fromkeys(_CODES, "\N{REPLACEMENT CHARACTER}")
"""Control characters but tabs and ends of lines, and what is none of Unicode."""

Cell = str | float | int | None


def text(value: str) -> str:
    """Text that means itself."""
    return html.escape(shown(value))


def shown(value: str) -> str:
    """Text with a sign in the place of each character that HTML and XML cannot hold, such as in a label's value."""
    return value.translate(UNSHOWN)


def spoken(name: str) -> str:
    """A name of networks, stages and losses, for people."""
    return shown(name.replace("_", " "))


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    colors: dict[str, str] | None = None,
    shares: Sequence[Sequence[float | None]] | None = None,
) -> str:
    """A table; its first column names the rows, numbers and gaps are set right, names of classes get their colour.

    Args:
        caption: what it shows.
        head: the columns' names.
        rows: their cells.
        colors: class names to colours.
        shares: from 0 to 1, how deep each cell of each row is shaded.
    """
    right = [any(isinstance(row[column], float | int) for row in rows) for column in range(len(head))]
    kinds = [' class="number"' if number else "" for number in right]
    top = "".join(f'<th scope="col"{kind}>{text(name)}</th>' for kind, name in zip(kinds, head, strict=True))
    depths = shares or [[None] * len(head)] * len(rows)
    body = "".join(_row(row, kinds, depth, colors) for row, depth in zip(rows, depths, strict=True))
    return (
        f'<div class="wide" tabindex="0"><table><caption>{text(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(content: str, caption: str) -> str:
    """An image or drawing with its caption."""
    return f"<figure>{content}<figcaption>{text(caption)}</figcaption></figure>"


def picture(path: Path, description: str) -> str:
    """A JPEG file, embedded."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img src="data:image/jpeg;base64,{data}" alt="{text(description)}">'


def _row(row: Sequence[Cell], kinds: list[str], depths: Sequence[float | None], colors: dict[str, str] | None) -> str:
    first, *others = (
        (_cell(value, colors), kind, "" if depth is None else f' style="--share:{depth:.3f}"')
        for value, kind, depth in zip(row, kinds, depths, strict=True)
    )
    cells = "".join(f"<td{kind}{style}>{content}</td>" for content, kind, style in others)
    return f'<tr><th scope="row"{first[1]}>{first[0]}</th>{cells}</tr>'


def _cell(value: Cell, colors: dict[str, str] | None) -> str:
    if value is None:
        return '<span aria-label="none">–</span>'
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    color = (colors or {}).get(value)
    swatch = f'<span class="swatch" style="background:{color}" aria-hidden="true"></span>' if color else ""
    return swatch + text(value)


INK = "#010203"
"""Stands for the page's text colour in figures."""
COLORS = ("#3b82c4", "#e07b39", "#3fa66a", "#b565c4", "#d1495b", "#8a8f3c", "#4bb3b3", "#9a7257")
TITLES = {
    "segmentation/mean_iou": "mean IoU",
    "segmentation/f1": "F1",
    "detection/ap50": "AP50",
    "detection/ap": "AP",
    "detection/f1": "best F1",
    "detection/threshold": "score threshold",
}
_WIDTH, _HEIGHT = 5.2, 2.7
"""Inches."""
_LEFT, _RIGHT, _BELOW, _ABOVE = 0.72, 0.16, 0.46, 0.08
"""Margins for what names and numbers the axes; matplotlib's own layouts take half of a drawing's time."""
_ACROSS, _DOWN = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BELOW - _ABOVE
"""Of the axes."""
_MOST_INSIDE = 5
"""Names in a legend that do not hide the curves."""
STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of classes may hold dollars
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(linestyle=["-", "--"]) * cycler(color=COLORS),
}


def title(metric: str) -> str:
    """A metric's name for people."""
    return TITLES.get(metric, spoken(metric.split("/", 1)[-1]))


def losses_chart(stage: Stage) -> str | None:
    """The smoothed losses of a stage, or none where there are too few."""
    curves = {spoken(name): curve for name, curve in stage.losses.items() if len(curve) > 1}
    if not curves:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure()
        for name, curve in curves.items():
            _draw_smooth(axes, name, curve)
        values = [value for curve in curves.values() for value in curve.values()]
        if min(values) > 0:
            _logarithmic(axes, max(values) / min(values))
        finish(axes, "step", "loss")
        return svg(figure, f"losses {stage.name}")


def metrics_chart(stage: Stage) -> str | None:
    """The main validation metrics of a stage's networks, or none where there are too few."""
    curves = {
        title(metric) + (f" · {spoken(network)}" if len(stage.metrics) > 1 else ""): stage.curve(network, metric)
        for network in stage.metrics
        for metric in ("segmentation/mean_iou", "detection/ap50", "detection/ap")
    }
    curves = {name: curve for name, curve in curves.items() if curve}
    if not curves:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure()
        for name, curve in curves.items():
            axes.plot(list(curve), list(curve.values()), marker="o", markersize=3.5, label=name)
        axes.set_ylim(0, 1.02)
        finish(axes, "step", "validation")
        return svg(figure, f"metrics {stage.name}")


def new_figure() -> tuple[Figure, Axes]:
    """A figure of the report's size with one pair of axes."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT))
    axes = figure.add_axes((0, 0, 1, 1))
    _place(axes)
    axes.yaxis.set_label_coords((0.2 - _LEFT) / _ACROSS, 0.5)
    axes.xaxis.set_label_coords(0.5, -0.26 / _DOWN)
    return figure, axes


def _place(axes: Axes, legend: float = 0.0) -> None:
    """Have margins around the axes, and so many inches for a legend below them."""
    height = _HEIGHT + legend
    axes.set_position((_LEFT / _WIDTH, (_BELOW + legend) / height, _ACROSS / _WIDTH, _DOWN / height))


def _draw_smooth(axes: Axes, name: str, curve: Curve) -> None:
    """The values faintly, their moving average over a twentieth of the stage clearly."""
    steps, values = np.array(sorted(curve.items()), float).T
    line = axes.plot(steps, values, alpha=0.25, linewidth=0.8)[0]
    width = max(1, len(values) // 20)
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    look: Any = {"color": line.get_color(), "linestyle": line.get_linestyle()}
    axes.plot(steps, smooth, linewidth=1.6, label=name, **look)


def _logarithmic(axes: Axes, ratio: float) -> None:
    """A logarithmic axis with plain numbers, also between the powers of ten where there are few of those.

    Args:
        axes: of losses.
        ratio: of the largest loss to the smallest.
    """
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    between = (2, 3, 5) if ratio > 3 else range(2, 10)
    axes.yaxis.set_minor_locator(LogLocator(subs=between if ratio < 300 else ()))
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}")


def finish(axes: Axes, below: str, beside: str) -> None:
    """Name the axes, draw grid and legend."""
    axes.set_xlabel(below)
    axes.set_ylabel(beside)
    axes.grid(alpha=0.15, color=INK)
    handles, names = axes.get_legend_handles_labels()
    if len(names) <= _MOST_INSIDE:
        axes.legend(frameon=False, fontsize=8)
        return
    legend = 0.18 * math.ceil(len(names) / 2)
    cast("Figure", axes.figure).set_figheight(_HEIGHT + legend)
    _place(axes, legend)
    axes.figure.legend(handles, names, frameon=False, fontsize=8, ncols=2, loc="lower center", borderaxespad=0.2)


def svg(figure: Figure, name: str) -> str:
    """The figure as an SVG element that takes the page's colour; `name` is unique on the page."""
    file = io.StringIO()
    # The salt keeps ids of several figures on one page apart, and equal runs equal.
    with matplotlib.rc_context({"svg.hashsalt": spoken(name)}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawing = file.getvalue()
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing[drawing.index("<svg") :], flags=re.DOTALL)
    head = f'<svg role="img" aria-label="{text(name)}" '
    return drawing.replace(INK, "currentColor").replace("<svg ", head, 1)


MOST_CURVES = 2 * len(COLORS)
"""Lines that can be told apart."""
_WIDEST = 260.0
"""Of a map, in SVG units."""


def precision_recall_chart(task: str, curves: dict[str, dict[str, list[float]]]) -> str | None:
    """Precision over recall, a line a class; none without curves. Of many classes those with the least area below it.

    Args:
        task: names the figure.
        curves: {class: {precision, recall}}.
    """
    if not curves:
        return None
    worst = sorted(curves, key=lambda name: _area(curves[name]))[:MOST_CURVES]
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure()
        for name, curve in ((name, curve) for name, curve in curves.items() if name in worst):
            # not the classes' colours, which are chosen for maps and may not be seen on paper
            axes.plot(curve["recall"], curve["precision"], label=shown(name))
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        finish(axes, "recall", "precision")
        return svg(figure, f"precision recall {task}")


def _area(curve: dict[str, list[float]]) -> float:
    """The area below a curve, from its first recall to its last."""
    recall, precision = (np.array(curve[name], float) for name in ("recall", "precision"))
    return float(abs((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum()))


def reliability_chart(task: str, calibration: dict[str, Any]) -> str | None:
    """Share of right answers over confidence, against the diagonal of a calibrated network; none without answers."""
    points = [
        (confidence, correct, count)
        for confidence, correct, count in zip(
            calibration["confidence"], calibration["correct"], calibration["count"], strict=True
        )
        if count
    ]
    if not points:
        return None
    confidence, correct, count = zip(*points, strict=True)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure()
        axes.plot([0, 1], [0, 1], color=INK, alpha=0.35, linestyle="--", label="calibrated")
        axes.plot(confidence, correct, marker="o", markersize=3.5, label="this network")
        # how many answers each point stands for
        axes.bar(confidence, [each / sum(count) for each in count], width=0.04, color=INK, alpha=0.15, label="answers")
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        finish(axes, "confidence", "share that is right")
        return svg(figure, f"reliability {task}")


def split_map(sources: list[dict[str, Any]]) -> str:
    """A raster with its training and validation ground.

    Args:
        sources: those on the raster, of `validation.json`: `outlines` (rings in metres, y down).
    """
    corners = [point for ring in sources[0]["outlines"]["raster"] for point in ring] or [(0.0, 0.0)]
    left, top = (min(point[axis] for point in corners) for axis in (0, 1))
    right, bottom = (max(point[axis] for point in corners) for axis in (0, 1))
    scale = _WIDEST / max(right - left, bottom - top, 1e-9)

    def path(name: str, outlines: dict[str, Any]) -> str:
        rings = (
            "M" + "L".join(f"{(x - left) * scale:.1f} {(y - top) * scale:.1f}" for x, y in ring) + "Z"
            for ring in outlines[name]
        )
        return f'<path class="{name}" fill-rule="evenodd" d="{"".join(rings)}"/>'

    width, height = (right - left) * scale + 4, (bottom - top) * scale + 4
    paths = [path("raster", sources[0]["outlines"])]
    paths += [path(side, source["outlines"]) for source in sources for side in ("training", "validation")]
    return (
        f'<svg class="map" role="img" aria-label="split" viewBox="-2 -2 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}">{"".join(paths)}</svg>'
    )
