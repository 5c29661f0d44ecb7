"""The engine's scores as a table a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from .translation import local_brief, tr


def flat(scores: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested scores, each with its path: `per_class/roof/iou`."""
    for key, value in scores.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}{key}", value


def without_truth(scores: dict[str, Any]) -> str:
    """A sentence on the classes that no label of the compared ground shows; empty where there is none."""
    classes = scores.get("classes", {}).items()
    names = [name for name, one in classes if one.get("pixels", one.get("objects")) == 0]
    if not names:
        return ""
    return tr("No label of {names} lies on the ground that counts, so it has no score and is in no mean.").format(
        names=", ".join(names)
    )


def html_table(title: str, scores: dict[str, Any]) -> str:
    """A page with one row a number, and a sentence on classes without any."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{local_brief(value, 4)}</td></tr>"
        for name, value in flat(scores)
    )
    note = f"<p>{escape(sentence)}</p>" if (sentence := without_truth(scores)) else ""
    return f"<html><meta charset='utf-8'><body><h3>{escape(title)}</h3><table>{rows}</table>{note}</body></html>\n"
