"""Layers and settings become a run folder: `run.json` and `labels/`, complete without QGIS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsFeatureRequest, QgsMapLayer, QgsRasterLayer, QgsVectorLayer

from .classes import NO_CLASS, RASTER_BACKGROUND, class_definitions
from .errors import GeoDistilError
from .reading import Features
from .snapshots import raster_path, snapshot
from .translation import tr

RUN_FILE = "run.json"
RUN_VERSION = 1


@dataclass
class RoleLayers:
    """The layers of one role.

    Args:
        role: `detection`, `segmentation` or `unlabelled`.
        rasters: its imagery.
        labels: the label layer; none for `unlabelled`.
        field: class field, or empty where all labels are of one class.
        area: polygons inside which labels are complete; none means the whole of each raster.
        selected_only: labels and area without the features that are not selected, where some are.
        box_size: side of the box around a point label, in metres; none for other labels.
        background: whether unlabelled ground is a class of its own; else it counts nowhere.
    """

    role: str
    rasters: list[QgsRasterLayer]
    labels: QgsMapLayer | None = None
    field: str = ""
    area: QgsVectorLayer | None = None
    selected_only: bool = False
    box_size: float | None = None
    background: bool = True


@dataclass
class RunSettings:
    """All of a run but its layers, as `run.json` has them."""

    name: str
    recipe: dict[str, Any]
    training: dict[str, Any]
    gsd: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


def write_run_folder(folder: Path, roles: list[RoleLayers], settings: RunSettings) -> Path:
    """Write `run.json` and the label snapshots. Call it on the thread the layers live on.

    A folder with checkpoints of the same run is left ready to go on from them.

    Returns:
        The path of `run.json`.

    Raises:
        GeoDistilError: a layer cannot be used, the folder holds another run, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run = merge_patch(_run(folder, roles, settings), settings.options)
        _refuse_other_run(folder, run)
        path = folder / RUN_FILE
        path.write_text(json.dumps(run, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("The run folder {folder} cannot be written: {reason}.").format(folder=folder, reason=error.strerror),
        ) from error
    return path


def merge_patch(values: dict[str, Any], patch: dict[str, Any], keep_null: bool = False) -> dict[str, Any]:
    """A JSON Merge Patch (RFC 7386): objects merge key by key, null removes a key, all else replaces.

    Args:
        values: what is patched.
        patch: the patch.
        keep_null: whether nulls stay, so that the result is itself a patch.
    """
    merged = dict(values)
    for key, value in patch.items():
        if value is None and not keep_null:
            merged.pop(key, None)
        elif isinstance(value, dict):
            current = merged.get(key)
            merged[key] = merge_patch(current if isinstance(current, dict) else {}, value, keep_null)
        else:
            merged[key] = value
    return merged


def _run(folder: Path, roles: list[RoleLayers], settings: RunSettings) -> dict[str, Any]:
    run: dict[str, Any] = {"version": RUN_VERSION, "name": settings.name}
    if settings.gsd:
        run["gsd"] = settings.gsd
    run["sources"], palette_start = [], 0
    for layers in roles:
        if layers.labels is not None:
            classes = class_definitions(layers.labels, layers.field, layers.selected_only, palette_start)
            run[f"{layers.role}_classes"] = classes
            palette_start += len(classes)
            run["background"] = run.get("background", True) and layers.background
        run["sources"] += _sources(folder, layers)
    return {**run, "recipe": settings.recipe, "training": settings.training}


def _sources(folder: Path, layers: RoleLayers) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {"role": layers.role}
    if layers.labels is not None:
        shared["labels"] = label_entry(folder, layers)
        shared["area"] = area_entry(folder, layers)
    return [{"raster": raster_path(raster), "name": raster.name(), **shared} for raster in layers.rasters]


def label_entry(folder: Path, layers: RoleLayers) -> dict[str, Any]:
    """Where the engine finds the labels: a snapshot of a vector layer, or a class raster's own file."""
    if isinstance(layers.labels, QgsRasterLayer):
        ignored = [] if layers.background else [str(RASTER_BACKGROUND)]
        return {"path": raster_path(layers.labels), "ignore_values": ignored}
    _check_not_empty(layers.labels)
    path = folder / "labels" / f"{layers.role}.gpkg"
    snapshot(layers.labels, path, [layers.field] if layers.field else [], layers.selected_only)
    entry = {"path": f"labels/{path.name}", "layer": path.stem, "field": layers.field, "box_size": layers.box_size}
    if layers.field:
        entry["ignore_values"] = NO_CLASS
    return {key: value for key, value in entry.items() if value}


def area_entry(folder: Path, layers: RoleLayers) -> dict[str, Any]:
    """Where the engine finds the labelled area; the whole raster where there is no layer."""
    if layers.area is None:
        return {"kind": "raster"}
    _check_not_empty(layers.area)
    path = folder / "labels" / f"{layers.role}_area.gpkg"
    snapshot(layers.area, path, selected_only=layers.selected_only)
    return {"kind": "layer", "path": f"labels/{path.name}", "layer": path.stem}


def _check_not_empty(layer: QgsVectorLayer) -> None:
    if not layer.featureCount():
        Features(layer).check(QgsFeatureRequest(), 0)  # a server that does not answer has no features either
        raise GeoDistilError(
            "labels",
            tr("The layer {layer} has no features.").format(layer=layer.name()),
            tr("Choose another or its filter."),
        )


def _refuse_other_run(folder: Path, run: dict[str, Any]) -> None:
    path = folder / RUN_FILE
    if not (folder / "checkpoints").exists() or not path.exists():
        return
    if json.loads(path.read_text(encoding="utf-8")) != run:
        raise GeoDistilError(
            "output",
            tr("The folder {folder} holds a run with other layers or settings.").format(folder=folder),
            tr("Choose another folder, or the same layers and settings to continue that run."),
        )
