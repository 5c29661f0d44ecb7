"""The demo's table: what each way of training reaches on ground that none has seen."""

from __future__ import annotations

from statistics import mean
from typing import Any

MULTITASK = {
    "single-task, detection": "detection",
    "single-task, segmentation": "segmentation",
    "vanilla multi-task": "vanilla",
    "distilled multi-task": "distilled",
}
SEMI_SUPERVISED = {"supervised only": "supervised", "SSLKD": "sslkd"}

Results = dict[str, dict[str, Any]]


def markdown(results: Results) -> str:
    """Two tables in Markdown from what `run.py` collects: by run, then by test scene, then by task."""
    return "\n".join(
        [
            "Boxes in the north, areas in the south; scored on other places of both cities (mean of the two).",
            "",
            *_table(MULTITASK, results, ["north_test", "south_test"]),
            "",
            "A quarter of the south's areas, the rest unlabelled; scored on another place of the south.",
            "",
            *_table(SEMI_SUPERVISED, results, ["south_test"]),
            "",
            "mean IoU is over roof, road and water, without background.",
        ]
    )


def _table(rows: dict[str, str], results: Results, scenes: list[str]) -> list[str]:
    lines = ["| network | vehicles AP50 | areas mean IoU | minutes |", "|---|---|---|---|"]
    for title, name in rows.items():
        found = results[name]["scenes"]
        detection = _mean(found, scenes, "detection", "ap50")
        areas = _mean(found, scenes, "segmentation", "mean_iou_classes")
        lines.append(f"| {title} | {detection} | {areas} | {results[name]['minutes']:.1f} |")
    return lines


def _mean(found: dict[str, Any], scenes: list[str], task: str, key: str) -> str:
    values = [found[scene][task][key] for scene in scenes if task in found[scene]]
    defined = [value for value in values if value is not None]
    return f"{mean(defined):.3f}" if defined else ""
