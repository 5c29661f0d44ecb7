"""Virtual rasters that a person has loaded: QGIS has read all that they name, so the engine may read it, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PERMISSION = "--allow-remote"
"""The engine's, without which a file reaches only what lies beside it."""


def is_virtual(path: str) -> bool:
    """Whether a raster is a virtual one, whose pixels lie in other files."""
    return path.lower().endswith(".vrt")


def permission(arguments: Iterable[str]) -> list[str]:
    """What a command of the engine is given besides, where it is to read virtual rasters."""
    return [PERMISSION] if any(map(is_virtual, arguments)) else []


def permitted(run: Mapping[str, Any]) -> dict[str, Any]:
    """A `run.json` that lets its virtual rasters reach their files; what it says itself counts."""
    sources = run.get("sources") or []
    files = [text for each in sources for text in (each.get("raster"), (each.get("labels") or {}).get("path")) if text]
    return {**({"allow_remote": True} if any(map(is_virtual, files)) else {}), **run}
