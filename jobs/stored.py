"""Values that QGIS's settings keep as JSON."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import QgsSettings

from .text_files import parsed_json


def stored(key: str) -> Any:
    """A setting's value; none where it is not there, or damaged."""
    try:
        return parsed_json(QgsSettings().value(key) or "null")
    except (TypeError, ValueError):
        return None


def stored_by_path(key: str) -> dict[str, Any]:
    """A setting that is an object of values by path; empty where it is none."""
    values = stored(key)
    return values if isinstance(values, dict) else {}


def store(key: str, value: Any) -> None:
    """Keep a value."""
    QgsSettings().setValue(key, json.dumps(value))
