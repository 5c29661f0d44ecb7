"""A run folder that is trained on: what decides over its weights must be as it was, all else may have changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .errors import GeoDistilError
from .gdal_files import open_vector
from .text_files import read_json
from .translation import tr

FREE = ("name", "version")
FREE_TRAINING = ("budget", "device", "precision", "workers", "validations", "patience")
"""What the engine's checkpoints do not depend on, see `engine.training.checkpoints.fingerprint`."""

PLACE = ("path", "layer", "field")
"""Where labels lie; what is in them is compared instead."""


def continued(run_file: Path, run: dict[str, Any], copies: Path) -> dict[str, Any]:
    """The run of a folder with checkpoints, as it goes on: its own, with the new name and budget.

    Args:
        run_file: the folder's `run.json`.
        run: what is asked for now.
        copies: the folder of the copies of its layers, which are called as those of the run folder.

    Raises:
        GeoDistilError: the file is broken, or labels, areas or settings that decide over the weights are others.
    """
    before = _read(run_file)
    folder = run_file.parent
    known = _essence(before, lambda path: folder / path)
    if what := _difference(known, _essence(run, lambda path: copies / Path(path).name)):
        raise GeoDistilError(
            "output",
            tr("The folder {folder} holds a run with other layers or settings ({what}).").format(
                folder=folder, what=what
            ),
            tr("Choose another folder, or the same layers and settings to continue that run."),
        )
    training = {key: value for key, value in before.get("training", {}).items() if key not in FREE_TRAINING}
    training.update({key: value for key, value in run.get("training", {}).items() if key in FREE_TRAINING})
    return {**before, "name": run["name"], "training": training}


def _read(path: Path) -> dict[str, Any]:
    try:
        run = read_json(path)
        if not isinstance(run, dict) or not isinstance(run.get("training", {}), dict):
            raise ValueError("not an object")
        return run
    except ValueError as error:
        raise GeoDistilError(
            "output",
            tr("The run file {path} is broken, so the run cannot go on.").format(path=path),
            tr("Choose another folder."),
            str(error),
        ) from error


def _essence(run: dict[str, Any], place: Any) -> dict[str, Any]:
    essence = {key: value for key, value in run.items() if key not in FREE}
    essence["training"] = {k: v for k, v in run.get("training", {}).items() if k not in FREE_TRAINING}
    essence["sources"] = {
        str(number): _source(source, place) for number, source in enumerate(_list(run.get("sources")), 1)
    }
    for role in ("detection", "segmentation"):
        essence[f"{role}_classes"] = [each.get("values") for each in _list(run.get(f"{role}_classes"))]
    return essence


def _source(source: dict[str, Any], place: Any) -> dict[str, Any]:
    kept = {key: value for key, value in source.items() if key != "name"}
    for key in ("labels", "area"):
        entry = kept.get(key)
        if isinstance(entry, dict) and entry.get("path") and not Path(entry["path"]).is_absolute():
            content = {"content": _content(place(entry["path"]), entry.get("field", ""))}
            kept[key] = {**{name: value for name, value in entry.items() if name not in PLACE}, **content}
    return kept


def _list(values: Any) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _content(path: Path, field: str) -> str:
    """A hash of the geometries and classes of a copy, in whichever order; empty where it cannot be read."""
    data = open_vector(path)
    if data is None:
        return ""
    layer, total = data.GetLayer(0), 0
    crs = layer.GetSpatialRef()
    index = layer.GetLayerDefn().GetFieldIndex(field) if field else -1
    for feature in layer:
        geometry = feature.GetGeometryRef()
        text = "" if index < 0 else feature.GetFieldAsString(index) if feature.IsFieldSetAndNotNull(index) else "NULL"
        shape = b"" if geometry is None else bytes(geometry.ExportToIsoWkb())
        total += int.from_bytes(hashlib.sha256(shape + text.encode()).digest(), "big")
    return f"{total:x} {crs.ExportToWkt() if crs is not None else ''}"


def _difference(known: Any, asked: Any, where: str = "") -> str:
    """The first key that is not the same, its parents' before it; empty where all are."""
    if isinstance(known, dict) and isinstance(asked, dict):
        below = (_difference(known.get(key), asked.get(key), f"{where}.{key}") for key in {**known, **asked})
        return next(filter(None, below), "")
    return "" if known == asked else where.lstrip(".")
