"""Precision over recall, reliability, and the map of the split, as SVG."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np

from .charts import COLORS, INK, STYLE, finish, new_figure, svg
from .markup import shown

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
