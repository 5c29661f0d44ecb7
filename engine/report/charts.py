"""Curves as SVG that takes the page's text colour, light or dark."""

from __future__ import annotations

import io
import re

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .history import Curve, Stage

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
STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=COLORS),
}


def title(metric: str) -> str:
    """A metric's name for people."""
    return TITLES.get(metric, metric.split("/", 1)[-1].replace("_", " "))


def losses_chart(stage: Stage) -> str | None:
    """The smoothed losses of a stage, or none where there are too few."""
    curves = {name.replace("_", " "): curve for name, curve in stage.losses.items() if len(curve) > 1}
    if not curves:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure()
        for name, curve in curves.items():
            _draw_smooth(axes, name, curve)
        if all(value > 0 for curve in curves.values() for value in curve.values()):
            axes.set_yscale("log")
        _finish(axes, "loss")
        return _svg(figure, f"losses {stage.name}")


def metrics_chart(stage: Stage) -> str | None:
    """The main validation metrics of a stage's networks, or none where there are too few."""
    curves = {
        f"{title(metric)} · {network}" if len(stage.metrics) > 1 else title(metric): stage.curve(network, metric)
        for network in stage.metrics
        for metric in ("segmentation/mean_iou", "detection/ap50", "detection/ap")
    }
    curves = {name: curve for name, curve in curves.items() if curve}
    if not curves:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure()
        for name, curve in curves.items():
            axes.plot(list(curve), list(curve.values()), marker="o", markersize=3.5, label=name)
        axes.set_ylim(0, 1)
        _finish(axes, "validation")
        return _svg(figure, f"metrics {stage.name}")


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.2, 2.7), layout="constrained")
    return figure, figure.add_subplot()


def _draw_smooth(axes: Axes, name: str, curve: Curve) -> None:
    """The values faintly, their moving average over a twentieth of the stage clearly."""
    steps, values = np.array(sorted(curve.items()), float).T
    line = axes.plot(steps, values, alpha=0.25, linewidth=0.8)[0]
    width = max(1, len(values) // 20)
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    axes.plot(steps, smooth, color=line.get_color(), linewidth=1.6, label=name)


def _finish(axes: Axes, label: str) -> None:
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.grid(alpha=0.15, color=INK)
    axes.legend(frameon=False, fontsize=8, ncols=2 if len(axes.get_lines()) > 8 else 1)


def _svg(figure: Figure, name: str) -> str:
    text = io.StringIO()
    # The salt keeps ids of several figures on one page apart, and equal runs equal.
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return svg.replace(INK, "currentColor")
