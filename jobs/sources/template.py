"""A run that was made before becomes a draft again: its layers are found in the project, or added to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from ..classes import NO_CLASS
from ..errors import GeoDistilError
from ..run_folder import RUN_FILE
from ..runs.imagery import is_address
from ..servers.note import read_note
from ..servers.server import servers
from ..text_files import read_json
from ..translation import tr
from .draft import AREA_LAYER, LABELLED_ROLES, ClassDraft, Draft, RecipeDraft, SourceDraft, TrainingDraft
from .facts import raster_facts
from .options import chosen_in
from .suggestion import DISTIL, RECIPES, SEMI, SUPERVISED


def draft_from_run(folder: Path, project: QgsProject) -> Draft:
    """The draft of a run folder; its layers are in the project afterwards.

    Raises:
        GeoDistilError: there is no run file, it has a preset, or a layer of it cannot be opened.
    """
    run = _read(folder)
    _refuse_preset(run, folder)
    layers = _Layers(folder, project)
    try:
        draft = Draft(
            sources=[_source(entry, layers) for entry in run["sources"]],
            background=run.get("background", True),
            recipe=_recipe(run, folder),
            training=_training(run.get("training") or {}),
            gsd=run.get("gsd") or 0.0,
            name=tr("{name} again").format(name=run.get("name", "model")),
            parent=str(folder.parent),
            server=_server(folder),
            template=run,
        )
        draft.classes = {role: _classes(run, role) for role in LABELLED_ROLES}
    except (KeyError, TypeError, AttributeError) as error:
        raise GeoDistilError(
            "config",
            tr("{folder} is not a run file that can be read: {error}.").format(folder=folder / RUN_FILE, error=error),
        ) from error
    return draft


def _server(folder: Path) -> str:
    """The server that trained the run, where it is still described."""
    note = read_note(folder)
    return note.server if note is not None and any(each.id == note.server for each in servers()) else ""


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RUN_FILE
    try:
        run = read_json(path)
    except OSError as error:
        raise GeoDistilError(
            "config", tr("There is no run file at {path}.").format(path=path), tr("Choose a run folder.")
        ) from error
    except ValueError as error:
        raise GeoDistilError(
            "config", tr("{path} is not valid JSON: {error}.").format(path=path, error=error)
        ) from error
    if not isinstance(run, dict):
        raise GeoDistilError("config", tr("{path} must hold one JSON object.").format(path=path))
    return run


def _refuse_preset(run: dict[str, Any], folder: Path) -> None:
    """What a preset stands for only the engine knows; the wizard's own defaults would take its place."""
    if run.get("preset"):
        raise GeoDistilError(
            "config",
            tr("The run {folder} has the preset {preset}, which the wizard cannot show.").format(
                folder=folder, preset=run["preset"]
            ),
            tr("Train it from its folder, or write its settings out in run.json."),
        )


class _Layers:
    """Layers by file: those of the project first, each file opened once."""

    def __init__(self, folder: Path, project: QgsProject) -> None:
        self._folder, self._project = folder, project

    def raster(self, path: str, name: str = "") -> str:
        path = self._absolute(path)
        for layer in self._project.mapLayers().values():
            if isinstance(layer, QgsRasterLayer) and layer.isValid() and raster_facts(layer).path == path:
                return layer.id()
        return self._added(QgsRasterLayer(path, name or Path(path).stem), path)

    def vector(self, entry: dict[str, Any]) -> str:
        source = self._absolute(entry["path"])
        if entry.get("layer"):
            source += f"|layername={entry['layer']}"
        if entry.get("where"):
            source += f"|subset={entry['where']}"
        for layer in self._project.mapLayers().values():
            if isinstance(layer, QgsVectorLayer) and layer.source() == source:
                return layer.id()
        return self._added(QgsVectorLayer(source, entry.get("layer") or Path(entry["path"]).stem, "ogr"), source)

    def labels(self, entry: dict[str, Any]) -> str:
        """A label layer; without a layer name and not a vector file, it is a class raster."""
        path = self._absolute(entry["path"])
        if not entry.get("layer") and not QgsVectorLayer(path, "probe", "ogr").isValid():
            return self.raster(path)
        return self.vector(entry)

    def _absolute(self, path: str) -> str:
        return path if is_address(path) else str((self._folder / path).absolute())

    def _added(self, layer: QgsMapLayer, path: str) -> str:
        if not layer.isValid():
            raise GeoDistilError(
                "config",
                tr("{path} cannot be opened.").format(path=path),
                tr("Put the file back where the run had it."),
            )
        self._project.addMapLayer(layer)
        return layer.id()


def _source(entry: dict[str, Any], layers: _Layers) -> SourceDraft:
    source = SourceDraft(
        layers.raster(entry["raster"], entry.get("name", "")), entry["role"], split=entry.get("split", "auto")
    )
    labels, area = entry.get("labels"), entry.get("area") or {"kind": "raster"}
    if not labels:
        return source
    return replace(
        source,
        labels=layers.labels(labels),
        field=labels.get("field") or "",
        box_size=labels.get("box_size") or 0.0,
        area=area["kind"],
        area_layer=layers.vector(area) if area["kind"] == AREA_LAYER else "",
    )


def _classes(run: dict[str, Any], role: str) -> list[ClassDraft]:
    used = [
        ClassDraft(each["name"], each.get("color", "#e41a1c"), each.get("values") or [each["name"]])
        for each in run.get(f"{role}_classes") or []
    ]
    entries = [source["labels"] for source in run["sources"] if source["role"] == role and source.get("labels")]
    ignored = {value for entry in entries for value in entry.get("ignore_values") or [] if value not in NO_CLASS}
    return used + [ClassDraft(value, "#808080", [value], used=False) for value in sorted(ignored)]


def _recipe(run: dict[str, Any], folder: Path) -> RecipeDraft:
    values, usual = run["recipe"], RecipeDraft()
    kind = values["kind"] if values["kind"] in RECIPES else ""
    student = values.get("network" if kind == SUPERVISED else "student") or {}
    teacher = values.get("first_teacher" if kind == SEMI else "detection_teacher") or {}
    return RecipeDraft(
        kind=kind,
        student=student.get("size", usual.student),
        teacher=teacher.get("size", usual.teacher),
        package=str(folder / values["package"]) if kind == DISTIL else "",
        start_from=str(folder / values["start_from"]) if values.get("start_from") else "",
        options={kind: chosen_in(kind, run)} if kind else {},
    )


def _training(values: dict[str, Any]) -> TrainingDraft:
    usual = TrainingDraft()
    budget = {kind: value for kind, value in (values.get("budget") or {}).items() if value}
    kind, amount = next(iter(budget.items()), ("steps", 3000))
    return TrainingDraft(
        budget_kind=kind,
        budget=amount,
        chip_size=values.get("chip_size", usual.chip_size),
        batch_size=values.get("batch_size", usual.batch_size),
        device=values.get("device", usual.device),
        seed=values.get("seed", usual.seed),
    )
