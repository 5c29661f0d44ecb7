"""The engine's scores as a table a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any


def flat(scores: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested scores, each with its path: `per_class/roof/iou`."""
    for key, value in scores.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}{key}", value


def html_table(title: str, scores: dict[str, Any]) -> str:
    """A page with one row a number."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{value:.4g}</td></tr>" for name, value in flat(scores)
    )
    return f"<html><meta charset='utf-8'><body><h3>{escape(title)}</h3><table>{rows}</table></body></html>\n"
