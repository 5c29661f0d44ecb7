"""How fast models predict on this machine, as far as they have."""

from __future__ import annotations

import json
from pathlib import Path

from qgis.core import QgsSettings

from .text_files import parsed_json

SPEEDS = "geodistil/speeds"
"""Megapixels a second by package, the last measured last."""

MOST = 100


def note_speed(package: Path, megapixels_per_second: float) -> None:
    """Remember how fast a model was."""
    known = {path: value for path, value in speeds().items() if path != package}
    known[package] = round(megapixels_per_second, 3)
    newest = list(known.items())[-MOST:]
    QgsSettings().setValue(SPEEDS, json.dumps({str(path): value for path, value in newest}))


def speeds() -> dict[Path, float]:
    """Megapixels of its own pixels a second by package: of the last view that it predicted."""
    try:
        values = parsed_json(QgsSettings().value(SPEEDS, "{}", type=str))
    except ValueError:
        return {}
    pairs = values.items() if isinstance(values, dict) else ()
    return {Path(path): float(value) for path, value in pairs if isinstance(value, (int, float))}
