"""The file in which suggestions outlive QGIS: beside their label layer, until all are judged.

Lines of JSON that are only ever appended, so a kill costs the line in writing at most: the first names the CRS, each
other one is a suggestion (again, where it has changed), or says which are gone. What is in it is never believed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProviderRegistry,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..errors import GeoDistilError, file_errors
from ..folders import free_place, writable
from ..text_files import parsed_json
from ..translation import tr

ENDING = ".suggestions.jsonl"
PARTIAL, DAMAGED = ".partial", ".damaged"
VERSION = 1
MOST_BYTES = 2**30
MOST_CHARACTERS = 1000
"""Of a class's or a model's name."""


@dataclass(frozen=True)
class Suggestion:
    """A shape that a model suggests.

    Args:
        shape: a polygon, in the label layer's CRS.
        name: its class.
        score: 0 to 1; 1 where its source says none.
        model: what suggests it.
    """

    shape: QgsGeometry
    name: str
    score: float
    model: str = ""


@dataclass(frozen=True)
class Kept:
    """What a file holds.

    Args:
        crs: of the shapes.
        suggestions: those that are still to be reviewed.
        damaged: lines that cannot be read.
    """

    crs: QgsCoordinateReferenceSystem
    suggestions: list[Suggestion]
    damaged: int


def places(labels: QgsVectorLayer) -> list[Path]:
    """Where suggestions for a label layer may be kept, the usual place first; nowhere for one in memory."""
    if labels.providerType() == "memory":
        return []
    parts = QgsProviderRegistry.instance().decodeUri(labels.providerType(), labels.source())
    path, inside = Path(parts.get("path") or ""), parts.get("layerName") or ""
    name = "".join(each if each.isalnum() or each in "-_" else "_" for each in inside)[:60]
    key = hashlib.sha256(labels.source().encode("utf-8")).hexdigest()[:16]
    own = Path(QgsApplication.qgisSettingsDirPath()) / "geodistil" / "suggestions" / f"{key}{ENDING}"
    local = labels.providerType() == "ogr" and path.is_absolute() and not str(path).startswith("/vsi")
    return [path.with_name(f"{path.stem}.{name}{ENDING}" if name else f"{path.stem}{ENDING}"), own] if local else [own]


def place_to_write(labels: QgsVectorLayer) -> Path | None:
    """The first place that can be written to; none where there is none."""
    possible = places(labels)
    for path in possible:
        if path == possible[-1]:
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)  # the profile's; that of the labels is there, or is gone
        if writable(path.parent):
            return path
    return None


def append(path: Path, crs: QgsCoordinateReferenceSystem, lines: Iterable[dict[str, Any]]) -> None:
    """Append lines to a file, which is begun where it is not there.

    Raises:
        OSError: it cannot be written.
    """
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines)
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            text = json.dumps({"suggestions": VERSION, "crs": crs.authid() or crs.toWkt()}) + "\n" + text
        else:
            file.seek(size - 1)
            text = text if file.read(1) == b"\n" else "\n" + text  # after a line that a kill has torn
        file.write(text.encode("utf-8", "surrogatepass"))


def line_of(key: int, one: Suggestion) -> dict[str, Any]:
    """A suggestion as a line."""
    score = min(1.0, max(0.0, one.score))  # whatever a layer of somebody's own says
    return {"id": key, "class": one.name, "score": score, "model": one.model, "shape": one.shape.asWkt()}


def gone(keys: Iterable[int]) -> dict[str, Any]:
    """The line that says that some are there no longer."""
    return {"gone": sorted(keys)}


def read(path: Path) -> Kept:
    """What a file holds; touches no layer, so any thread may read.

    Raises:
        GeoDistilError: the file cannot be read, or is none of ours.
    """
    with file_errors():
        if path.stat().st_size > MOST_BYTES:
            raise _unknown(path)
        content = path.read_bytes()
    lines = iter(content.splitlines())
    head = _object(next(lines, b""))
    crs = QgsCoordinateReferenceSystem(head["crs"]) if _is_text(head.get("crs"), 100_000) else None
    if head.get("suggestions") != VERSION or crs is None:
        raise _unknown(path)
    found, damaged = _replayed(lines)
    return Kept(crs, list(found.values()), damaged)


def set_aside(path: Path) -> Path:
    """Put a file that cannot be read beside its place, where nothing overwrites it.

    Raises:
        OSError: it cannot be moved.
    """
    return path.rename(free_place(path.parent, f"{path.name}{DAMAGED}", form="{stem}{number}"))


def _replayed(lines: Iterator[bytes]) -> tuple[dict[int, Suggestion], int]:
    found: dict[int, Suggestion] = {}
    damaged = 0
    for line in lines:
        values = _object(line)
        keys, key = values.get("gone"), values.get("id")
        if isinstance(keys, list):
            for each in keys:
                if isinstance(each, int):
                    found.pop(each, None)
        elif isinstance(key, int) and (one := _suggestion(values)) is not None:
            found[key] = one
        elif line.strip():
            damaged += 1
    return found, damaged


def _object(line: bytes) -> dict[str, Any]:
    try:
        values = parsed_json(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _suggestion(values: dict[str, Any]) -> Suggestion | None:
    """A line's suggestion; none where it is damaged."""
    found: tuple[Any, ...] = tuple(values.get(each) for each in ("class", "score", "model", "shape"))
    name, score, model, text = found
    if not (_is_text(name, MOST_CHARACTERS) and _is_text(model, MOST_CHARACTERS) and isinstance(text, str)):
        return None
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
        return None
    shape = QgsGeometry.fromWkt(text)
    box = shape.boundingBox()
    sound = shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not shape.isEmpty() and box.isFinite()
    return Suggestion(shape, name, float(score), model) if sound and math.isfinite(shape.area()) else None


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _unknown(path: Path) -> GeoDistilError:
    return GeoDistilError(
        "labels",
        tr("The suggestions kept in {path} cannot be read: the file is damaged.").format(path=path),
        tr("The labels are as they were; have the model suggest again."),
    )
