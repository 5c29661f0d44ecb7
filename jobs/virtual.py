"""Rasters whose pixels may lie in other files: a person has loaded them, so QGIS has read all that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PERMISSION = "--allow-remote"
"""The engine's, without which a file reaches only what lies beside it."""

REFERRING = (".vrt", ".nc", ".nc4", ".h5", ".hdf5", ".he5")
"""Endings of virtual rasters, and of HDF5 and netCDF-4, whose library follows links out of a file unseen."""


def may_refer(path: str) -> bool:
    """Whether a raster may have its pixels in other files."""
    return path.lower().endswith(REFERRING)


def permission(arguments: Iterable[str]) -> list[str]:
    """What a command of the engine is given besides, where it is to read such rasters."""
    return [PERMISSION] if any(map(may_refer, arguments)) else []


def permitted(run: Mapping[str, Any]) -> dict[str, Any]:
    """A `run.json` that lets such rasters reach their files; what it says itself counts."""
    sources = run.get("sources") or []
    files = [text for each in sources for text in (each.get("raster"), (each.get("labels") or {}).get("path")) if text]
    return {**({"allow_remote": True} if any(map(may_refer, files)) else {}), **run}
