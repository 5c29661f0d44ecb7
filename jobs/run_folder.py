"""Layers and settings become a run folder, or one that is trained on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from .classes import NO_CLASS, RASTER_BACKGROUND, ClassReader
from .errors import GeoDistilError
from .gdal_files import open_vector, permitted
from .process import refuse_owned
from .reading import chosen
from .snapshots import CLASS_FIELD, Snapshot, Which, raster_path
from .text_files import read_json, write_text
from .tiles.service import is_service
from .translation import tr

if TYPE_CHECKING:  # what fetches is loaded where something is fetched: QGIS starts with this module
    from .tiles.fetching import Told
    from .tiles.plan import Order

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


RASTERS = "rasters"
"""The folder of what is fetched."""
RUN_FILE = "run.json"
RUN_VERSION = 2
LABELS = "labels"
"""The folder of copies."""


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
        part: of web services what is fetched, and its CRS; none takes that of the labelled area, else of the labels.
    """

    role: str
    rasters: list[QgsRasterLayer]
    labels: QgsMapLayer | None = None
    field: str = ""
    area: QgsVectorLayer | None = None
    selected_only: bool = False
    box_size: float | None = None
    background: bool = True
    part: tuple[QgsRectangle, QgsCoordinateReferenceSystem] | None = None

    def ground(self, service: QgsRasterLayer) -> tuple[QgsRectangle, QgsCoordinateReferenceSystem]:
        """The part of a web service that is fetched, and its CRS.

        Raises:
            GeoDistilError: nothing says which.
        """
        if self.part is not None:
            return self.part
        layer = self.area or self.labels
        if layer is None:
            raise GeoDistilError(
                "raster",
                tr("The layer {layer} is a web service without labels: nothing says which part to learn from.").format(
                    layer=service.name()
                ),
                tr("Give the extent that is fetched of web services."),
            )
        if isinstance(layer, QgsVectorLayer):
            layer.updateExtents()  # what is drawn now may not be in it
        return layer.extent(), layer.crs()


@dataclass
class RunSettings:
    """All of a run but its layers, as `run.json` has them."""

    name: str
    recipe: dict[str, Any]
    training: dict[str, Any]
    gsd: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


class RunFolder:
    """Layers and settings on their way into a run folder.

    Made on the main thread, where layers live; written on any, because servers take their time.

    Args:
        folder: the run folder.
        roles: its layers.
        settings: all else.

    Raises:
        GeoDistilError: a layer cannot be used.
    """

    def __init__(self, folder: Path, roles: list[RoleLayers], settings: RunSettings) -> None:
        self._folder, self._settings = folder, settings
        self._goes_on = (folder / "checkpoints").exists() and (folder / RUN_FILE).exists()
        self._labels = folder / (f"{LABELS}.new" if self._goes_on else LABELS)
        self._copies: list[Snapshot] = []
        self._orders: dict[str, Order] = {}
        self._roles = [(layers.role, layers.background, _class_reader(layers)) for layers in roles]
        self._sources = [source for layers in roles for source in self._sources_of(layers)]

    def write(self, told: Told = lambda _: None, cancelled: Callable[[], bool] = lambda: False) -> Path:
        """Write `run.json` and the label snapshots. A folder with checkpoints of the same run goes on.

        Args:
            told: of the progress of what is fetched of web services.
            cancelled: asked meanwhile.

        Returns:
            The path of `run.json`.

        Raises:
            GeoDistilError: a layer cannot be read or fetched, the folder holds another or a broken run, is in use, or
                cannot be written.
            CancelledError: it was cancelled while something was fetched, which goes on from there the next time.
        """
        refuse_owned(self._folder)
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._fetch(told, cancelled)
            run = merge_patch(self._run(), self._settings.options)
            try:
                for copy in self._copies:
                    copy()
                if self._goes_on:
                    run = continued(self._folder / RUN_FILE, run, self._labels)
            finally:
                if self._goes_on:
                    shutil.rmtree(self._labels, ignore_errors=True)
        return write_run(self._folder, run)

    def _run(self) -> dict[str, Any]:
        settings, taken = self._settings, 0
        run: dict[str, Any] = {"version": RUN_VERSION, "name": settings.name}
        if settings.gsd:
            run["gsd"] = settings.gsd
        run["sources"] = self._sources
        for role, background, classes in self._roles:
            if classes is not None:
                run[f"{role}_classes"] = found = classes(taken)
                taken += len(found)
                run["background"] = run.get("background", True) and background
        return {**run, "recipe": settings.recipe, "training": settings.training}

    def _sources_of(self, layers: RoleLayers) -> list[dict[str, Any]]:
        shared: dict[str, Any] = {"role": layers.role}
        if layers.labels is not None:
            shared["labels"] = label_entry(self._labels, layers, self._copies)
            shared["area"] = area_entry(self._labels, layers, self._copies)
        return [
            {"raster": self._raster_of(raster, layers), "name": raster.name(), **shared} for raster in layers.rasters
        ]

    def _raster_of(self, raster: QgsRasterLayer, layers: RoleLayers) -> str:
        """A raster's file; of a web service the one in the run folder that its part will come into."""
        if not is_service(raster):
            return raster_path(raster)
        from .tiles.fetching import name_of
        from .tiles.plan import order_for, refuse_many

        order = order_for(raster, *layers.ground(raster), self._settings.gsd or 0, QgsProject.instance())
        refuse_many(order, tr("Choose a smaller extent or larger pixels, or fetch it first with Fetch imagery."))
        path = f"{RASTERS}/{name_of(order)}"
        self._orders[path] = order
        return path

    def _fetch(self, told: Told, cancelled: Callable[[], bool]) -> None:
        from .tiles.fetching import fetch

        for path, order in self._orders.items():
            if not (self._folder / path).exists():  # else an earlier start of this run has it
                fetch(order, self._folder / path, told, cancelled)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What goes wrong while a run folder is written, as a sentence."""
    try:
        yield
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("The run folder {folder} cannot be written: {reason}.").format(
                folder=folder, reason=error.strerror or error
            ),
        ) from error


def write_run(folder: Path, run: dict[str, Any]) -> Path:
    """Write `run.json`, the last file of a run folder, in one step.

    Raises:
        GeoDistilError: the folder cannot be written.
    """
    path = folder / RUN_FILE
    with writing(folder):
        write_text(path, json.dumps(permitted(run), indent=2, ensure_ascii=False) + "\n")
    return path


def _class_reader(layers: RoleLayers) -> ClassReader | None:
    return None if layers.labels is None else ClassReader(layers.labels, layers.field, layers.selected_only)


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


def label_entry(folder: Path, layers: RoleLayers, copies: list[Snapshot]) -> dict[str, Any]:
    """Where the engine finds the labels: a snapshot of a vector layer, or a class raster's own file.

    Args:
        folder: the folder of copies, `labels` of a run folder.
        layers: the role's.
        copies: gets the snapshot, which is yet to be made.
    """
    if isinstance(layers.labels, QgsRasterLayer):
        ignored = [] if layers.background else [str(RASTER_BACKGROUND)]
        return {"path": raster_path(layers.labels), "ignore_values": ignored}
    path = folder / f"{layers.role}.gpkg"
    request = chosen(layers.labels, layers.selected_only)
    copies.append(Snapshot(layers.labels, path, layers.field or None, which=Which(request=request, needed=True)))
    field = CLASS_FIELD if layers.field else ""
    entry: dict[str, Any] = {"path": f"{LABELS}/{path.name}", "layer": path.stem}
    entry |= {"field": field, "box_size": layers.box_size}
    if layers.field:
        entry["ignore_values"] = NO_CLASS
    return {key: value for key, value in entry.items() if value}


def area_entry(folder: Path, layers: RoleLayers, copies: list[Snapshot]) -> dict[str, Any]:
    """Where the engine finds the labelled area; the whole raster where there is no layer. As `label_entry`."""
    if layers.area is None:
        return {"kind": "raster"}
    path = folder / f"{layers.role}_area.gpkg"
    copies.append(
        Snapshot(layers.area, path, which=Which(request=chosen(layers.area, layers.selected_only), needed=True))
    )
    return {"kind": "layer", "path": f"{LABELS}/{path.name}", "layer": path.stem}
